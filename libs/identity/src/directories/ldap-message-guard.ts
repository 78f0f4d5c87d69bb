interface Part {
  readonly tag: number
  readonly content: Buffer
}

/** More than any answer to what is asked here; an entry's members are never asked for. */
const largestMessage = 16 * 1024 * 1024

const tags = {
  boolean: 0x01,
  integer: 0x02,
  octets: 0x04,
  enumerated: 0x0a,
  sequence: 0x30,
  set: 0x31,
} as const
const searchEntry = 0x64
const searchReference = 0x73
const controls = 0xa0
/** Answers to bind, search, and extended requests: LDAPResult with what may follow it. */
const results: ReadonlySet<number> = new Set([0x61, 0x65, 0x78])
const afterResult: ReadonlySet<number> = new Set([0xa3, 0x87, 0x8a, 0x8b])

/**
 * Lets only well-formed answers (RFC 4511 section 4) reach an LDAP library: ldapts and ldapjs both loop without end, and
 * take all memory, over a list whose items don't fit into it.
 */
export class LdapMessageGuard {
  #rest = Buffer.alloc(0)

  /** How many bytes wait for the rest of their message. */
  get waiting(): number {
    return this.#rest.length
  }

  /** @returns the whole messages that there are now. @throws Error for anything that is no answer of a directory */
  take(chunk: Buffer): readonly Buffer[] {
    let bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    const messages: Buffer[] = []
    for (let length = lengthOfFirst(bytes); length !== undefined && length <= bytes.length;) {
      const message = bytes.subarray(0, length)
      checkMessage(message)
      messages.push(message)
      bytes = bytes.subarray(length)
      length = lengthOfFirst(bytes)
    }
    this.#rest = Buffer.from(bytes)
    return messages
  }
}

/** What a message that came through the guard says, when it is the result of an operation; of others the code is undefined. */
export function resultOf(message: Buffer) {
  const [whole] = partsOf(message)
  const [id, operation] = whole === undefined ? [] : partsOf(whole.content)
  const [code] = operation === undefined || !results.has(operation.tag) ? [] : partsOf(operation.content)
  return {
    id: id?.content.readIntBE(0, id.content.length),
    operation: operation?.tag,
    code: code?.content[0],
  }
}

function lengthOfFirst(bytes: Buffer): number | undefined {
  const first = bytes[0]
  if (first === undefined) return undefined
  demand(first === tags.sequence)
  const header = headerOf(bytes, 0)
  if (header === undefined) return undefined
  demand(header.end <= largestMessage)
  return header.end
}

function checkMessage(message: Buffer): void {
  const [whole] = partsOf(message)
  const [id, operation, ...more] = partsOf(whole?.content ?? Buffer.alloc(0))
  demand(id?.tag === tags.integer && id.content.length >= 1 && id.content.length <= 4)
  demand(operation !== undefined)
  checkOperation(operation)
  demand(more.length <= 1)
  for (const part of more) checkControls(part)
}

function checkOperation({ tag, content }: Part): void {
  const parts = partsOf(content)
  if (tag === searchEntry) {
    const [name, attributes] = parts
    demand(parts.length === 2 && name?.tag === tags.octets && attributes?.tag === tags.sequence)
    for (const attribute of partsOf(attributes.content)) checkAttribute(attribute)
  } else if (tag === searchReference) {
    demand(parts.length > 0 && parts.every((part) => part.tag === tags.octets))
  } else {
    demand(results.has(tag))
    const [code, matched, message, ...more] = parts
    demand(code?.tag === tags.enumerated && code.content.length === 1)
    demand(matched?.tag === tags.octets && message?.tag === tags.octets)
    demand(more.every((part) => afterResult.has(part.tag)))
  }
}

function checkAttribute({ tag, content }: Part): void {
  const [name, values, ...more] = partsOf(content)
  demand(tag === tags.sequence && name?.tag === tags.octets && values?.tag === tags.set && more.length === 0)
  demand(partsOf(values.content).every((value) => value.tag === tags.octets))
}

function checkControls({ tag, content }: Part): void {
  demand(tag === controls)
  for (const control of partsOf(content)) {
    const [name, ...more] = partsOf(control.content)
    demand(control.tag === tags.sequence && name?.tag === tags.octets && more.length <= 2)
    demand(more.every((part) => part.tag === tags.boolean || part.tag === tags.octets))
  }
}

/** The parts of a list, which fill it to the last byte. */
function partsOf(bytes: Buffer): readonly Part[] {
  const parts: Part[] = []
  for (let offset = 0; offset < bytes.length;) {
    const header = headerOf(bytes, offset)
    demand(header !== undefined && header.end <= bytes.length)
    parts.push({ tag: bytes[offset] ?? 0, content: bytes.subarray(header.begin, header.end) })
    offset = header.end
  }
  return parts
}

/** X.690 8.1.3, of which RFC 4511 section 5.1 allows the definite form. @returns undefined when bytes are missing */
function headerOf(
  bytes: Buffer,
  offset: number,
): { readonly begin: number; readonly end: number } | undefined {
  const first = bytes[offset + 1]
  if (first === undefined) return undefined
  if (first < 0x80) return { begin: offset + 2, end: offset + 2 + first }
  const size = first - 0x80
  demand(size >= 1 && size <= 4)
  const begin = offset + 2 + size
  return bytes.length < begin ? undefined : { begin, end: begin + bytes.readUIntBE(offset + 2, size) }
}

function demand(holds: boolean): asserts holds {
  if (!holds) throw new Error('sends what is not LDAP')
}
