import { type Digest, RegistryError, parseDigest } from '@entrepot/kernel'

declare const tagBrand: unique symbol

/** A tag, `[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}`. distribution-spec, "Pulling manifests". */
export type Tag = string & { readonly [tagBrand]: true }

export type Reference =
  { readonly kind: 'tag'; readonly tag: Tag } | { readonly kind: 'digest'; readonly digest: Digest }

const tagGrammar = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/

/**
 * What stands after `/manifests/`: with a colon a digest, else a tag.
 * @throws RegistryError DIGEST_INVALID or TAG_INVALID
 */
export function parseReference(text: string): Reference {
  return text.includes(':') ? digestReference(parseDigest(text)) : tagReference(parseTag(text))
}

/** @throws RegistryError TAG_INVALID */
export function parseTag(text: string): Tag {
  if (!isTag(text)) {
    throw new RegistryError(
      'TAG_INVALID',
      `tag ${JSON.stringify(text.slice(0, 160))} is not 1 to 128 of letters, digits, "_", "." and "-", with no "." or "-" first`,
    )
  }
  return text
}

export function isTag(text: string): text is Tag {
  return tagGrammar.test(text)
}

export function tagReference(tag: Tag): Reference {
  return { kind: 'tag', tag }
}

export function digestReference(digest: Digest): Reference {
  return { kind: 'digest', digest }
}

export function referenceText(reference: Reference): string {
  return reference.kind === 'tag' ? reference.tag : reference.digest
}

/**
 * The manifest that what is kept under this tag refers to: distribution-spec "Referrers Tag Schema", and the tags that
 * cosign makes of it, such as `sha256-<hex>.sig`. @returns undefined for any other tag
 */
export function subjectOfReferrersTag(tag: Tag): Digest | undefined {
  const hex = /^sha256-([0-9a-f]{64})(?:\..*)?$/.exec(tag)?.[1]
  return hex === undefined ? undefined : parseDigest(`sha256:${hex}`)
}
