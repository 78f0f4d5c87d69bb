import type { Digest } from '@entrepot/kernel'
import type { Tag } from '@entrepot/oci-model'
import type { NewManifest } from '../manifest-store.js'

/** What a tag pointed to before, and the number of the event that moved it off that; the last first. */
type Left = ReadonlyMap<Digest, number>

export interface OverwritingImage {
  readonly manifests: ReadonlyMap<Digest, NewManifest>
  readonly tags: ReadonlyMap<Tag, Digest>
  readonly leftBy: (tag: Tag) => Left
  /** The number of the next event when the manifest was pushed last. */
  readonly pushedAt: (digest: Digest) => number
}

/** What `ManifestStore.deleteOverwritten` deletes. */
export function overwrittenIn(
  { manifests, tags, leftBy, pushedAt }: OverwritingImage,
  moved: readonly Tag[],
  keep: number,
): ReadonlySet<Digest> {
  const histories = new Map(
    [...tags].map(([tag, current]) => [tag, [...leftBy(tag)].filter(([digest]) => digest !== current)]),
  )
  const isReferredTo = (digest: Digest) => {
    const { subject } = manifests.get(digest) ?? {}
    return (
      [...tags.values()].includes(digest) ||
      [...manifests.values()].some((each) => each.children.includes(digest) || each.subject === digest) ||
      (subject !== undefined && manifests.has(subject)) ||
      [...histories.values()].some((left) => left.slice(0, keep).some(([kept]) => kept === digest))
    )
  }
  const old = moved.flatMap((tag) => (histories.get(tag) ?? []).slice(keep))
  const unused = old.filter(
    ([digest, leftAt]) => manifests.has(digest) && pushedAt(digest) <= leftAt && !isReferredTo(digest),
  )
  return new Set(unused.map(([digest]) => digest))
}
