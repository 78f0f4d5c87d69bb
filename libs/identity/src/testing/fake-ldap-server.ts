import type { Socket } from 'node:net'
import { BerReader, BerWriter, FilterParser, ProtocolOperation } from 'ldapts'
import { TcpListener } from './tcp-listener.js'

export type FakeRequest =
  | { readonly kind: 'bind'; readonly dn: string; readonly password: string }
  | {
      readonly kind: 'search'
      readonly base: string
      readonly scope: 'base' | 'one' | 'sub'
      readonly filter: string
      readonly attributes: readonly string[]
    }

export interface FakeEntry {
  readonly dn: string
  readonly attributes: Readonly<Record<string, readonly (string | Buffer)[]>>
}

export interface FakeAnswer {
  /** 0: success. */
  readonly code?: number
  readonly message?: string
  readonly entries?: readonly FakeEntry[]
  readonly references?: readonly string[]
}

/** A small LDAP server for what slapd does not do: it answers as a test says, and remembers what it was asked. */
export class FakeLdapServer {
  readonly requests: FakeRequest[] = []

  private constructor(private readonly listener: TcpListener) {}

  static async start(answer: (request: FakeRequest) => FakeAnswer): Promise<FakeLdapServer> {
    const requests: FakeRequest[] = []
    const listener = await TcpListener.start((socket) => serve(socket, requests, answer))
    const server = new FakeLdapServer(listener)
    Object.assign(server, { requests })
    return server
  }

  get port(): number {
    return this.listener.port
  }

  get accepted(): number {
    return this.listener.accepted
  }

  stop(): Promise<void> {
    return this.listener.stop()
  }
}

function serve(socket: Socket, requests: FakeRequest[], answer: (request: FakeRequest) => FakeAnswer): void {
  let rest = Buffer.alloc(0)
  socket.on('data', (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk])
    for (;;) {
      const reader = new BerReader(rest)
      if (reader.readSequence() === null || reader.remain < reader.length) return
      const end = reader.offset + reader.length
      const id = reader.readInt() ?? 0
      const request = requestOf(reader)
      rest = rest.subarray(end)
      if (request === undefined) return
      requests.push(request)
      socket.write(answerOf(id, request, answer(request)))
    }
  })
}

/** RFC 4511 sections 4.2 and 4.5.1. */
function requestOf(reader: BerReader): FakeRequest | undefined {
  const operation = reader.readSequence()
  if (operation === ProtocolOperation.LDAP_REQ_BIND) {
    reader.readInt()
    return { kind: 'bind', dn: reader.readString() ?? '', password: reader.readString(0x80) ?? '' }
  }
  if (operation !== ProtocolOperation.LDAP_REQ_SEARCH) return undefined
  const base = reader.readString() ?? ''
  const scope = (['base', 'one', 'sub'] as const)[reader.readEnumeration() ?? 0] ?? 'base'
  reader.readEnumeration()
  reader.readInt()
  reader.readInt()
  reader.readBoolean()
  const filter = FilterParser.parse(reader).toString()
  const attributes: string[] = []
  if (reader.readSequence(0x30) !== null) {
    const end = reader.offset + reader.length
    while (reader.offset < end) attributes.push(reader.readString() ?? '')
  }
  return { kind: 'search', base, scope, filter, attributes }
}

function answerOf(
  id: number,
  request: FakeRequest,
  { code = 0, message = '', entries = [], references = [] }: FakeAnswer,
) {
  const parts = entries.map((entry) =>
    messageOf(id, ProtocolOperation.LDAP_RES_SEARCH_ENTRY, (writer) => {
      writer.writeString(entry.dn)
      writer.startSequence()
      for (const [name, values] of Object.entries(entry.attributes)) {
        writer.startSequence()
        writer.writeString(name)
        writer.startSequence(0x31)
        for (const value of values) writer.writeBuffer(Buffer.from(value), 0x04)
        writer.endSequence()
        writer.endSequence()
      }
      writer.endSequence()
    }),
  )
  for (const reference of references) {
    parts.push(
      messageOf(id, ProtocolOperation.LDAP_RES_SEARCH_REF, (writer) => writer.writeString(reference)),
    )
  }
  const done = request.kind === 'bind' ? ProtocolOperation.LDAP_RES_BIND : ProtocolOperation.LDAP_RES_SEARCH
  parts.push(
    messageOf(id, done, (writer) => {
      writer.writeEnumeration(code)
      writer.writeString('')
      writer.writeString(message)
    }),
  )
  return Buffer.concat(parts)
}

function messageOf(id: number, operation: number, write: (writer: BerWriter) => void): Buffer {
  const writer = new BerWriter()
  writer.startSequence()
  writer.writeInt(id)
  writer.startSequence(operation)
  write(writer)
  writer.endSequence()
  writer.endSequence()
  return writer.buffer
}
