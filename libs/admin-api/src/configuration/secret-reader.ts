import { joined, type Problems } from './problems.js'
import { type FoundSecret, isSecretReference, referenceText, type SecretSource } from './secret-source.js'

/** What a document says of a secret; `unset` names something that is not there now. */
export type GivenSecret =
  | { readonly kind: 'none' }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'unset'; readonly place: string }

const none: GivenSecret = { kind: 'none' }

/** Reads each secret once, so that all of one request sees the same. */
export class SecretReader {
  readonly #read = new Map<string, Promise<FoundSecret>>()

  constructor(private readonly source: SecretSource) {}

  /**
   * @param path of the thing that has the secret
   * @returns undefined for what can't be taken, which is noted
   */
  async given(
    path: string,
    field: string,
    value: unknown,
    problems: Problems,
  ): Promise<GivenSecret | undefined> {
    if (value === undefined || value === null) return none
    const at = joined(path, field)
    if (!isSecretReference(value)) {
      // What is here may be the secret itself: it is not repeated.
      problems.add(
        at,
        'is no reference: a document is for other eyes and holds no secret, write { env: NAME } or { file: /path }',
      )
      return undefined
    }
    const place = referenceText(value)
    const found = await this.read(JSON.stringify(value), () => this.source.read(value))
    if (found.kind === 'absent') return { kind: 'unset', place }
    if (found.kind === 'text') return found
    problems.add(at, `is ${place}, which is refused: ${found.reason}`)
    return undefined
  }

  private read(key: string, read: () => Promise<FoundSecret>): Promise<FoundSecret> {
    const known = this.#read.get(key)
    if (known !== undefined) return known
    const reading = read()
    this.#read.set(key, reading)
    return reading
  }
}
