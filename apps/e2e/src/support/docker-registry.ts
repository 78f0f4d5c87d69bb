import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { program } from './parts.js'
import { Service } from './processes.js'
import { Registry, type Answer, type Ask } from './registry-client.js'
import { TokenServer, upstreamUser } from './token-server.js'
import { freePort, removeFolder, temporaryFolder } from './workplace.js'

/** Debian's docker-registry (CNCF Distribution 2.8) as a real upstream, open or behind token authentication. */
export class DockerRegistry {
  private service: Service | undefined

  private constructor(
    private readonly folder: string,
    readonly port: number,
    readonly tokens: TokenServer | undefined,
  ) {}

  static async start(options: { readonly withTokens?: boolean } = {}): Promise<DockerRegistry> {
    const folder = await temporaryFolder('registry')
    const tokens = options.withTokens === true ? await TokenServer.start(folder) : undefined
    const registry = new DockerRegistry(folder, await freePort(), tokens)
    await registry.launch()
    return registry
  }

  get host(): string {
    return `127.0.0.1:${this.port}`
  }

  get url(): string {
    return `http://${this.host}`
  }

  /** What Distribution logged: one line for each request. */
  get log(): string {
    return this.service?.output() ?? ''
  }

  get client(): Registry {
    return this.tokens === undefined ? new Registry(this.url) : new TokenRegistry(this.url, this.tokens)
  }

  /** Stops answering; `launch` brings the same content back at the same port. */
  async stop(): Promise<void> {
    await this.service?.stop()
  }

  async launch(): Promise<void> {
    const configuration = {
      version: 0.1,
      log: { level: 'info', accesslog: { disabled: false } },
      storage: { filesystem: { rootdirectory: join(this.folder, 'data') }, delete: { enabled: true } },
      http: { addr: this.host, secret: 'e2e' },
      ...(this.tokens === undefined ? {} : { auth: this.tokens.configuration }),
    }
    await mkdir(join(this.folder, 'data'), { recursive: true })
    // YAML takes JSON as it is.
    await writeFile(join(this.folder, 'config.yml'), JSON.stringify(configuration))
    this.service = await Service.start({
      name: 'docker-registry',
      command: program('docker-registry'),
      args: ['serve', join(this.folder, 'config.yml')],
      env: { PATH: process.env['PATH'], OTEL_TRACES_EXPORTER: 'none' },
      ready: async () => {
        const response = await fetch(`${this.url}/v2/`)
        await response.body?.cancel()
        return response.status === 200 || response.status === 401
      },
    })
  }

  async dispose(): Promise<void> {
    await this.stop()
    await this.tokens?.stop()
    await removeFolder(this.folder)
  }
}

/** Pushes to a Distribution that takes nothing but its token server's tokens. */
class TokenRegistry extends Registry {
  constructor(
    url: string,
    private readonly tokens: TokenServer,
  ) {
    super(url)
  }

  override async send(method: string, path: string, ask: Ask = {}): Promise<Answer> {
    const name = /\/v2\/(.+)\/(?:blobs|manifests|tags)\//.exec(path)?.[1] ?? ''
    const scope = encodeURIComponent(`repository:${name}:pull,push`)
    const basic = Buffer.from(`${upstreamUser.user}:${upstreamUser.password}`).toString('base64')
    const response = await fetch(`http://127.0.0.1:${this.tokens.port}/token?scope=${scope}`, {
      headers: { authorization: `Basic ${basic}` },
    })
    const { token } = (await response.json()) as { token: string }
    // What the tests themselves asked must not be taken for what the server asked.
    this.tokens.asked.pop()
    return super.send(method, path, { ...ask, headers: { ...ask.headers, authorization: `Bearer ${token}` } })
  }
}
