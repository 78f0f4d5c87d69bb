import type { IncomingMessage } from 'node:http'
import type { AddressingRules, Coordinates } from './addressing.js'
import { type ClientHost, clientHost, clientScheme, parseHost } from './client-host.js'
import type { RequestTarget } from './request-target.js'
import type { RegistryApiSettings } from './settings.js'

interface PublicOrigin {
  readonly scheme: string
  readonly host: ClientHost
}

/** Where the server is for its clients, as far as the settings say. */
export class PublicLocation {
  readonly rules: AddressingRules
  readonly isFromProxy: RegistryApiSettings['isFromProxy']
  readonly origin: PublicOrigin | undefined

  /** @throws Error for a public URL that is none */
  constructor(settings: RegistryApiSettings) {
    this.isFromProxy = settings.isFromProxy
    this.origin = settings.publicUrl === undefined ? undefined : parsePublicUrl(settings.publicUrl)
    this.rules = {
      publicHostname: this.origin?.host.hostname,
      defaultRepository: settings.defaultRepository,
    }
  }
}

/** The coordinates one client used: everything it is told to ask next is put in these (protocol check list 25). */
export class ClientLocation implements Coordinates {
  readonly prefixKey: string | undefined
  #host: ClientHost | undefined

  constructor(
    private readonly request: IncomingMessage,
    private readonly target: RequestTarget,
    readonly namespace: string | undefined,
    private readonly server: PublicLocation,
  ) {
    this.prefixKey = target.prefixKey
  }

  readonly host = (): ClientHost => {
    this.#host ??= clientHost(this.request, this.server.isFromProxy(this.request))
    return this.#host
  }

  /** An absolute path, which no proxy between can get wrong (103). @param path what stands after `/v2/` */
  path(path: string): string {
    return `${this.target.prefix}/v2/${path}`
  }

  /**
   * The token endpoint, on the host that the client used (35).
   * @throws RegistryError REQUEST_INVALID when that host can't be told
   */
  realm(): string {
    return `${this.origin()}${this.target.prefix}/v2/token`
  }

  private origin(): string {
    const host = this.host()
    const { origin } = this.server
    if (origin === undefined) {
      const scheme = clientScheme(this.request, this.server.isFromProxy(this.request))
      return `${scheme}://${host.authority}`
    }
    const isLabelled = host.hostname.endsWith(`.${origin.host.hostname}`)
    const label = isLabelled ? host.hostname.slice(0, -origin.host.hostname.length) : ''
    return `${origin.scheme}://${label}${origin.host.authority}`
  }
}

function parsePublicUrl(text: string): PublicOrigin {
  const match = /^(https?):\/\/([^/?#]+)\/?$/i.exec(text)
  const host = match?.[2] === undefined ? undefined : parseHost(match[2])
  if (match?.[1] === undefined || host === undefined) {
    throw new Error(`the public URL ${JSON.stringify(text)} is not http(s)://host[:port]`)
  }
  return { scheme: match[1].toLowerCase(), host }
}
