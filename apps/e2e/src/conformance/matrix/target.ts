import { Wire, type Login } from './wire.js'

/** The three ways in which a client can name a repository. */
export type Address = 'path' | 'prefix' | 'host'

export interface TargetOptions {
  readonly key: string
  readonly login: Login
  readonly address?: Address
  /** Starts the names of this target's images, so that no two targets share one. */
  readonly folder: string
}

/** Who the server is; known when it has started, which is after the tests have been named. */
export interface Server {
  readonly port: number
  readonly user: string
  readonly password: string
}

/** One repository, as one kind of client reaches it. */
export class Target {
  private opened: Wire | undefined

  constructor(
    private readonly options: TargetOptions,
    private readonly server: () => Server,
  ) {}

  get title(): string {
    const { key, login, address } = this.options
    const by = {
      path: 'its key in the path',
      prefix: 'the /artifactory prefix',
      host: 'the label of the host',
    }
    return `${key} by ${by[address ?? 'path']} with ${login}`
  }

  get wire(): Wire {
    this.opened ??= new Wire({ ...this.server(), host: this.host, login: this.options.login })
    return this.opened
  }

  get login(): Login {
    return this.options.login
  }

  close(): void {
    this.opened?.close()
  }

  /** A name below the target, as its client writes it in `from` and sees it in answers. */
  name(image: string): string {
    const { key, folder } = this.options
    return this.isPath ? `${key}/${folder}/${image}` : `${folder}/${image}`
  }

  /** The path of an image's API; names are written as in `name`. */
  path(name: string, rest: string): string {
    const { key, address } = this.options
    return address === 'prefix' ? `/artifactory/api/docker/${key}/v2/${name}/${rest}` : `/v2/${name}/${rest}`
  }

  /** The path of the API's base. */
  get base(): string {
    const { key, address } = this.options
    return address === 'prefix' ? `/artifactory/api/docker/${key}/v2/` : '/v2/'
  }

  private get isPath(): boolean {
    return (this.options.address ?? 'path') === 'path'
  }

  private get host(): string {
    const { port } = this.server()
    return this.options.address === 'host'
      ? `${this.options.key}.registry.example:${port}`
      : `127.0.0.1:${port}`
  }
}
