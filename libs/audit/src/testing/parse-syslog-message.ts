export interface ParsedSyslogMessage {
  readonly facility: number
  readonly severity: number
  readonly timestamp: Date
  readonly hostname: string
  readonly application: string
  readonly processId: string
  readonly messageId: string
  readonly structuredData: ReadonlyMap<string, ReadonlyMap<string, string>>
  readonly message: string
}

const headerGrammar = new RegExp(
  [
    '^<(?<pri>0|[1-9]\\d{0,2})>1',
    '(?<timestamp>\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(?:\\.\\d{1,6})?(?:Z|[+-]\\d\\d:\\d\\d))',
    '(?<hostname>[!-~]{1,255})',
    '(?<application>[!-~]{1,48})',
    '(?<process>[!-~]{1,128})',
    '(?<id>[!-~]{1,32})',
    '',
  ].join(' '),
)
const nameGrammar = /^[!#-<>-\\^-~]{1,32}/
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * Takes one message apart by the grammar of RFC 5424 section 6, to the letter.
 * @throws Error for anything that is not of it
 */
export function parseSyslogMessage(bytes: Uint8Array): ParsedSyslogMessage {
  const text = strictUtf8.decode(bytes)
  const header = headerGrammar.exec(text)
  if (header?.groups === undefined) throw new Error(`not a header of RFC 5424: ${text.slice(0, 200)}`)
  const { pri = '', timestamp = '', hostname = '', application = '', process = '', id = '' } = header.groups
  if (Number(pri) > 191) throw new Error(`PRI ${pri} is above 191`)
  const reader = new StructuredDataReader(text, header[0].length)
  const structuredData = reader.read()
  return {
    facility: Number(pri) >> 3,
    severity: Number(pri) & 7,
    timestamp: new Date(timestamp),
    hostname,
    application,
    processId: process,
    messageId: id,
    structuredData,
    message: messageOf(text.slice(reader.position)),
  }
}

function messageOf(rest: string): string {
  if (rest === '') return ''
  if (!rest.startsWith(' \ufeff')) throw new Error('no byte order mark before a message in UTF-8')
  return rest.slice(2)
}

class StructuredDataReader {
  constructor(
    private readonly text: string,
    public position: number,
  ) {}

  read(): Map<string, Map<string, string>> {
    const elements = new Map<string, Map<string, string>>()
    if (this.takes('-')) return elements
    do {
      this.expect('[')
      const id = this.name()
      if (elements.has(id)) throw new Error(`the element ${id} comes twice`)
      const parameters = new Map<string, string>()
      while (this.takes(' ')) {
        const name = this.name()
        this.expect('="')
        parameters.set(name, this.value())
      }
      this.expect(']')
      elements.set(id, parameters)
    } while (this.text[this.position] === '[')
    return elements
  }

  private name(): string {
    const name = nameGrammar.exec(this.text.slice(this.position, this.position + 32))?.[0]
    if (name === undefined) throw new Error(`no name at ${this.position}`)
    this.position += name.length
    return name
  }

  private value(): string {
    let value = ''
    for (; ; this.position += 1) {
      const character = this.text[this.position]
      if (character === undefined || character === ']')
        throw new Error(`a value is not ended or escaped: ${value}`)
      if (character === '"') break
      if (character === '\\' && /["\\\]]/.test(this.text[this.position + 1] ?? '')) this.position += 1
      value += this.text[this.position] ?? ''
    }
    this.position += 1
    return value
  }

  private takes(text: string): boolean {
    if (!this.text.startsWith(text, this.position)) return false
    this.position += text.length
    return true
  }

  private expect(text: string): void {
    if (!this.takes(text))
      throw new Error(`${JSON.stringify(text)} expected at ${this.position} of ${this.text}`)
  }
}
