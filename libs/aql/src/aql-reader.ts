import { aqlError } from './aql-error.js'

/** An object keeps its pairs as they are written: AQL gives a meaning to the same name twice. */
export type AqlNode =
  | { readonly kind: 'object'; readonly at: number; readonly pairs: readonly AqlPair[] }
  | { readonly kind: 'list'; readonly at: number; readonly items: readonly AqlNode[] }
  | { readonly kind: 'scalar'; readonly at: number; readonly value: string | number | boolean | null }

export interface AqlPair {
  readonly at: number
  readonly name: string
  readonly value: AqlNode
}

const maximumDepth = 32

/** Reading text forward: words, signs and JSON, in which comments and white space may stand anywhere between. */
export class AqlReader {
  #at = 0

  constructor(private readonly text: string) {}

  get at(): number {
    return this.#at
  }

  get isAtEnd(): boolean {
    this.#skip()
    return this.#at >= this.text.length
  }

  fail(expected: string, at = this.#at): never {
    throw aqlError(this.text, at, expected)
  }

  /** Takes `sign` if it stands here. */
  takes(sign: string): boolean {
    this.#skip()
    if (!this.text.startsWith(sign, this.#at)) return false
    this.#at += sign.length
    return true
  }

  require(sign: string): void {
    if (!this.takes(sign)) this.fail(JSON.stringify(sign))
  }

  /** Letters and dots. */
  word(expected: string): string {
    this.#skip()
    return this.#match(/[A-Za-z_.]+/y) ?? this.fail(expected)
  }

  wholeNumber(maximum: number): number {
    this.#skip()
    const at = this.#at
    const value = Number(this.#match(/\d{1,16}/y) ?? NaN)
    if (!(value <= maximum)) this.fail(`a whole number up to ${maximum}`, at)
    return value
  }

  string(expected: string): { readonly at: number; readonly value: string } {
    this.#skip()
    const at = this.#at
    const quoted = this.#match(/"(?:[^"\\\p{Cc}]|\\.)*"/uy)
    if (quoted === undefined) return this.fail(expected)
    try {
      const value = JSON.parse(quoted) as string
      if (!value.isWellFormed() || value.includes('\0')) this.fail('text without NUL and broken Unicode', at)
      return { at, value }
    } catch (error) {
      if (error instanceof SyntaxError) this.fail('text with the escapes of JSON', at)
      throw error
    }
  }

  /** @param depth how many objects and lists this one is inside of */
  node(depth = 0): AqlNode {
    this.#skip()
    const at = this.#at
    const sign = this.text[at]
    if (depth >= maximumDepth && (sign === '{' || sign === '['))
      this.fail(`at most ${maximumDepth} levels of nesting`)
    if (sign === '{') return { kind: 'object', at, pairs: this.#list('{', '}', () => this.#pair(depth + 1)) }
    if (sign === '[') return { kind: 'list', at, items: this.#list('[', ']', () => this.node(depth + 1)) }
    if (sign === '"') return { kind: 'scalar', ...this.string('text') }
    const bare = this.#match(/-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y)
    if (bare === undefined) return this.fail('a value of JSON')
    return { kind: 'scalar', at, value: JSON.parse(withoutLeadingZeros(bare)) as number | boolean | null }
  }

  #pair(depth: number): AqlPair {
    const { at, value: name } = this.string('a field, a property or an operator in quotes')
    this.require(':')
    return { at, name, value: this.node(depth) }
  }

  #list<T>(open: string, close: string, item: () => T): readonly T[] {
    this.require(open)
    const items: T[] = []
    if (this.takes(close)) return items
    do items.push(item())
    while (this.takes(','))
    if (!this.takes(close)) this.fail(`"," or ${JSON.stringify(close)}`)
    return items
  }

  #skip(): void {
    this.#match(/(?:\s|\/\/[^\n]*|\/\*[^]*?\*\/)+/y)
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.text)?.[0]
    if (found !== undefined) this.#at += found.length
    return found
  }
}

function withoutLeadingZeros(number: string): string {
  return number.replace(/^(-?)0+(?=\d)/, '$1')
}
