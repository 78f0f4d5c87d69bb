import { RegistryError } from '@entrepot/kernel'
import {
  Composer,
  type CST,
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  Lexer,
  LineCounter,
  type ParsedNode,
  Parser,
  visit,
  type YAMLMap,
} from 'yaml'
import { checkContent } from './check-content.js'
import type { JsonObject } from './json-object.js'

/** A server with some thousand repositories needs a tenth; the time to read a text grows with them. */
const maximumTokens = 200_000

/** Of one text in the document, as it is written there; a chain of certificates has 20,000. */
const maximumScalarLength = 65_536

/** The library calls itself for each level; documents of this kind have six. */
const maximumDepth = 32

/** What aliases may stand for in a document, all together. */
const usualAliases = 100

const shownErrors = 20

/**
 * A text of YAML 1.2, core schema. Other tags than the core's, keys that come twice, several documents, and what takes too
 * long or too much memory to read are refused.
 * @param aliases how many values aliases may stand for
 * @returns null for an empty text
 * @throws RegistryError REQUEST_INVALID with lines and columns, and nothing of the text, which may be a secret
 */
export function parseYaml(text: string, { aliases = usualAliases } = {}): unknown {
  const lines = new LineCounter()
  const document = composed(tokensOf(text, lines))
  if (document === undefined) return null
  refuse(syntaxErrors(document, lines))
  const content = contentOf(document, aliases)
  checkContent(content)
  return content
}

/** @returns an empty object for an empty text @throws RegistryError REQUEST_INVALID as `parseYaml` */
export function parseYamlObject(text: string): JsonObject {
  const content = parseYaml(text) ?? {}
  if (typeof content === 'object' && !Array.isArray(content)) return content as JsonObject
  throw invalid('the document is no mapping: expected names of sections, each with what belongs to it')
}

function tokensOf(text: string, lines: LineCounter): readonly CST.Token[] {
  let count = 0
  for (const token of new Lexer().lex(text)) {
    count += 1
    if (count > maximumTokens) throw invalid(`the document has more than ${maximumTokens} parts`)
    if (token.length > maximumScalarLength) {
      throw invalid(`a text of the document is longer than ${maximumScalarLength} characters`)
    }
  }
  const tokens = [...new Parser(lines.addNewLine).parse(text)]
  checkDepth(tokens)
  return tokens
}

/** Before the library does anything with them: what is nested too deep ends the process there, not only the request. */
function checkDepth(tokens: readonly CST.Token[]): void {
  const pending = tokens.map((token) => ({ token, depth: 0 }))
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { token, depth } = next
    if (depth > maximumDepth) throw invalid(`the document nests deeper than ${maximumDepth}`)
    if (token.type === 'document' && token.value !== undefined) pending.push({ token: token.value, depth })
    if (!('items' in token)) continue
    for (const { key, value } of token.items as readonly { key?: CST.Token | null; value?: CST.Token }[]) {
      for (const child of [key, value]) {
        if (child !== null && child !== undefined) pending.push({ token: child, depth: depth + 1 })
      }
    }
  }
}

function composed(tokens: readonly CST.Token[]): Document.Parsed | undefined {
  const options = {
    version: '1.2',
    schema: 'core',
    merge: false,
    uniqueKeys: false,
    logLevel: 'silent',
  } as const
  const documents = [...new Composer<ParsedNode>(options).compose(tokens)]
  if (documents.length > 1) throw invalid(`the text has ${documents.length} documents, expected one`)
  return documents[0]
}

function syntaxErrors(document: Document.Parsed, lines: LineCounter): readonly string[] {
  const at = (offset: number | undefined) => {
    const { line, col } = lines.linePos(offset ?? 0)
    return `at line ${line}, column ${col}`
  }
  // The library's own words may quote the text.
  const problems = [...document.errors, ...document.warnings].map(
    ({ code, pos }) => `the document is not YAML: ${code.toLowerCase().replaceAll('_', ' ')} ${at(pos[0])}`,
  )
  visit(document, {
    Node: (_key, node) => {
      if (isAlias(node)) return
      if (node.tag !== undefined) {
        problems.push(
          `the document has a tag ${at(node.range?.[0])}: leave it out, only plain values are taken`,
        )
      }
      if (isMap(node)) problems.push(...keyProblems(node, at))
    },
  })
  return problems
}

function keyProblems({ items }: YAMLMap, at: (offset: number | undefined) => string): readonly string[] {
  const names = new Set<string>()
  return items.flatMap(({ key }) => {
    const start = isNode(key) ? key.range?.[0] : undefined
    if (!isScalar(key) || key.value === null) return [`the document has a key that is no text ${at(start)}`]
    const name = key.toString()
    if (names.has(name)) return [`the document has a key for the second time ${at(start)}: put both into one`]
    names.add(name)
    return []
  })
}

function refuse(problems: readonly string[]): void {
  const [first, ...others] = problems.slice(0, shownErrors).map(invalid)
  if (first === undefined) return
  throw new RegistryError('REQUEST_INVALID', first.message, { siblings: others })
}

function contentOf(document: Document.Parsed, aliases: number): unknown {
  try {
    return document.toJS({ maxAliasCount: aliases })
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error
    throw new RegistryError(
      'REQUEST_INVALID',
      `the document has an alias without its anchor, or aliases for more than ${aliases} values`,
      { cause: error },
    )
  }
}

function invalid(message: string): RegistryError {
  return new RegistryError('REQUEST_INVALID', message)
}
