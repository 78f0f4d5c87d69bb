import { AesSecretBox, parseMasterKeys } from '@entrepot/database'
import { readdir, readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Registry, type Answer } from './registry-client.js'
import { Service } from './processes.js'
import { eventually, freePort, removeFolder, temporaryFolder } from './workplace.js'

const builtServer = fileURLToPath(new URL('../../../../dist/apps/server/src/main.js', import.meta.url))

/** Of servers that share a database with each other, or with a test. */
const masterKey = Buffer.alloc(32, 'entrepot').toString('base64')

export const adminPassword = 'quay-side:Crane 42'

/** What those servers seal secrets in. */
export function secretBox(): AesSecretBox {
  const keys = parseMasterKeys(masterKey)
  if (keys === undefined) throw new Error('the master key of the tests is none')
  return new AesSecretBox(keys)
}

export interface EntrepotOptions {
  readonly env?: Readonly<Record<string, string>>
}

/** One request's line in the server's log. */
export interface LoggedRequest {
  readonly requestId: string
  readonly principal: string
  readonly method: string
  readonly status: number
  readonly bytesIn: number
  readonly bytesOut: number
}

/** A remote repository's address and whatever else of Artifactory's fields a test sets. */
export type RepositoryFields = Readonly<Record<string, unknown>>

/**
 * The built server as its own process, in a folder of its own, with its own embedded PostgreSQL.
 * It starts as a user's first start does: `docker-local`, `docker-hub` and the virtual `docker` are there.
 */
export class Entrepot {
  private service: Service | undefined

  private constructor(
    private readonly folder: string,
    readonly port: number,
    private readonly env: Readonly<Record<string, string>>,
  ) {}

  static async start(options: EntrepotOptions = {}): Promise<Entrepot> {
    const entrepot = new Entrepot(await temporaryFolder('entrepot'), await freePort(), options.env ?? {})
    try {
      await entrepot.launch()
    } catch (error) {
      await entrepot.dispose()
      throw error
    }
    return entrepot
  }

  get host(): string {
    return `127.0.0.1:${this.port}`
  }

  get url(): string {
    return `http://${this.host}`
  }

  get dataFolder(): string {
    return join(this.folder, 'data')
  }

  get output(): string {
    return this.service?.output() ?? ''
  }

  /** The `/v2` requests that the server has logged, oldest first. */
  get requests(): readonly LoggedRequest[] {
    return this.output
      .split('\n')
      .filter((line) => line.includes('"msg":"request"'))
      .map((line) => JSON.parse(line) as LoggedRequest)
  }

  /** Waits until the log has the request of this answer: lines reach this process a little after the answer. */
  async logged(answer: Answer): Promise<LoggedRequest> {
    const requestId = answer.headers.get('x-request-id') ?? ''
    const find = (): LoggedRequest | undefined => this.requests.find((one) => one.requestId === requestId)
    await eventually(`the request ${requestId} is logged`, () => find() !== undefined)
    return find() as LoggedRequest
  }

  /** `/v2` as the administrator. */
  get registry(): Registry {
    return new Registry(this.url, { user: 'admin', password: adminPassword })
  }

  /** `/v2` as somebody who is not logged in. */
  get anonymous(): Registry {
    return new Registry(this.url)
  }

  async stop(withinMs?: number): Promise<number | null> {
    return this.service === undefined ? null : this.service.stop(withinMs)
  }

  signal(name: NodeJS.Signals): void {
    if (this.service !== undefined) process.kill(this.service.pid, name)
  }

  async kill(): Promise<void> {
    await this.service?.kill()
  }

  /** Starts again over the same data, at the same address. */
  async restart(): Promise<void> {
    await this.stop()
    await this.launch()
  }

  /** Creates a repository with Artifactory's JSON; `fields.rclass` says which kind. */
  async createRepository(key: string, fields: RepositoryFields): Promise<void> {
    const response = await this.putRepository(key, fields)
    if (response.status !== 200)
      throw new Error(`PUT repository ${key}: ${response.status} ${await response.text()}`)
    await response.body?.cancel()
  }

  async putRepository(key: string, fields: RepositoryFields): Promise<Response> {
    return fetch(`${this.url}/artifactory/api/repositories/${key}`, {
      method: 'PUT',
      headers: { authorization: this.basic, 'content-type': 'application/json' },
      body: JSON.stringify({ key, packageType: 'docker', ...fields }),
    })
  }

  /** Stops it for good, removes its data, and fails when its PostgreSQL was left behind. */
  async dispose(): Promise<void> {
    const killed = this.service === undefined || this.service.hasExited
    const stopped = await this.stop().catch((error: unknown) => error as Error)
    const orphan = await this.stopPostgres(killed ? 0 : 5_000)
    await removeFolder(this.folder)
    if (stopped instanceof Error) throw stopped
    if (orphan !== undefined && !killed) throw new Error(`PostgreSQL ${orphan} outlived the server`)
  }

  /** The process id of the database under the data folder, as its own pid file states them. */
  async postgresPid(): Promise<number | undefined> {
    const files = await readdir(this.dataFolder, { recursive: true }).catch(() => [])
    const file = files.find((name) => name.endsWith('postmaster.pid'))
    if (file === undefined) return undefined
    const text = await readFile(join(this.dataFolder, file), 'utf8').catch(() => '')
    const pid = Number.parseInt(text, 10)
    return Number.isInteger(pid) && isAlive(pid) ? pid : undefined
  }

  private get basic(): string {
    return `Basic ${Buffer.from(`admin:${adminPassword}`).toString('base64')}`
  }

  private async launch(): Promise<void> {
    const main = process.env['ENTREPOT_E2E_SERVER']
    this.service = await Service.start({
      name: 'entrepot',
      command: process.execPath,
      args: [main === undefined ? builtServer : resolve(main)],
      cwd: this.folder,
      env: {
        PATH: process.env['PATH'],
        HOME: process.env['HOME'],
        NODE_ENV: 'production',
        ENTREPOT_LISTEN: this.host,
        ENTREPOT_DATA_DIR: this.dataFolder,
        ENTREPOT_ADMIN_PASSWORD: adminPassword,
        ENTREPOT_LOG_LEVEL: 'info',
        // Servers on a database of their own find or make theirs.
        ...('ENTREPOT_DATABASE_URL' in this.env ? { ENTREPOT_MASTER_KEY: masterKey } : {}),
        ...this.env,
      },
      ready: async () => {
        const response = await fetch(`${this.url}/readyz`)
        await response.body?.cancel()
        return response.status === 200
      },
      readyWithinMs: 90_000,
    })
  }

  private async stopPostgres(patienceMs: number): Promise<number | undefined> {
    const gone = async (): Promise<boolean> => (await this.postgresPid()) === undefined
    await eventually('PostgreSQL stops with the server', gone, patienceMs).catch(() => undefined)
    const pid = await this.postgresPid()
    if (pid === undefined) return undefined
    process.kill(pid, 'SIGQUIT')
    await eventually('PostgreSQL stops at once', () => !isAlive(pid))
    return pid
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
