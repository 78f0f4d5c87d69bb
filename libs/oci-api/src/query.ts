import { RegistryError } from '@entrepot/kernel'

type Plus = 'plus-is-plus' | 'plus-is-blank'

/**
 * The parameters of a query or form, in their order. On `/v2` a `+` is itself, because media types have one and clients
 * send it bare (protocol check list 167); in forms, and in the token endpoint's query, it is a blank.
 */
export class Query {
  #pairs: (readonly [name: string, value: string])[] | undefined

  constructor(
    private readonly text: string,
    private readonly plus: Plus = 'plus-is-plus',
  ) {}

  /** @throws RegistryError REQUEST_INVALID for broken percent-encoding or a NUL anywhere in the query */
  first(name: string): string | undefined {
    if (this.text === '') return undefined
    return this.pairs().find((pair) => pair[0] === name)?.[1]
  }

  /** @throws RegistryError REQUEST_INVALID as `first` does */
  all(name: string): readonly string[] {
    if (this.text === '') return []
    return this.pairs()
      .filter((pair) => pair[0] === name)
      .map((pair) => pair[1])
  }

  private pairs(): readonly (readonly [string, string])[] {
    this.#pairs ??= this.text
      .split('&')
      .filter((pair) => pair !== '')
      .map((pair) => this.decodePair(pair))
    return this.#pairs
  }

  private decodePair(pair: string): readonly [string, string] {
    const equals = pair.indexOf('=')
    return equals < 0
      ? [this.decode(pair), '']
      : [this.decode(pair.slice(0, equals)), this.decode(pair.slice(equals + 1))]
  }

  private decode(encoded: string): string {
    const text = this.plus === 'plus-is-blank' ? encoded.replaceAll('+', ' ') : encoded
    let decoded: string
    try {
      decoded = decodeURIComponent(text)
    } catch (cause) {
      throw new RegistryError('REQUEST_INVALID', 'a request parameter is not percent-encoded UTF-8', {
        cause,
      })
    }
    // PostgreSQL refuses NUL in text, and no parameter of the protocol can have one.
    if (decoded.includes('\0')) {
      throw new RegistryError('REQUEST_INVALID', 'a request parameter contains a NUL character')
    }
    return decoded
  }
}

export const emptyQuery = new Query('')
