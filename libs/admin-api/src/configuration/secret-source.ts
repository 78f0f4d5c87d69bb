/** Where a secret is: a document names it and never holds it. */
export type SecretReference = { readonly env: string } | { readonly file: string }

/** `refused`: the document may not name it, with the reason. */
export type FoundSecret =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'absent' }
  | { readonly kind: 'refused'; readonly reason: string }

/** Reads the secrets that a document names. Which ones may be named depends on where the document comes from. */
export interface SecretSource {
  read(reference: SecretReference): Promise<FoundSecret>
}

export function isSecretReference(value: unknown): value is SecretReference {
  if (typeof value !== 'object' || value === null) return false
  const [[name, given] = [], ...more] = Object.entries(value) as [string, unknown][]
  return more.length === 0 && (name === 'env' || name === 'file') && typeof given === 'string' && given !== ''
}

/** As it is written in a document and in messages; it is a name and no secret. */
export function referenceText(reference: SecretReference): string {
  const [name, place] = 'env' in reference ? ['env', reference.env] : ['file', reference.file]
  return `{ ${name}: ${place.slice(0, 200)} }`
}
