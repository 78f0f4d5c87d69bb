import { existsSync, mkdirSync, statSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { join, resolve } from 'node:path'
import { type Clock, systemClock } from '@entrepot/kernel'
import { Client } from 'pg'
import type { PostgresConnection } from '../postgres-connection.js'
import { checkClusterVersion, clusterExists, clusterUser, createCluster } from './cluster.js'
import { FolderClaim } from './folder-claim.js'
import { launchPrefix } from './launch-prefix.js'
import { stopOrphan } from './orphan-server.js'
import { findPostgres, type PostgresInstallation } from './postgres-installation.js'
import { PostgresProcess } from './postgres-process.js'
import { RestartDelay } from './restart-delay.js'
import { SocketFolder, socketPort } from './socket-folder.js'

export interface UnexpectedExit {
  /** `exit code 1`, `SIGKILL`. */
  readonly reason: string
  /** The last lines of PostgreSQL's log. */
  readonly output: string
  readonly restartInMilliseconds: number
}

export interface EmbeddedPostgresOptions {
  /** The server's data folder; everything of PostgreSQL is in `postgres` below it. */
  readonly dataDir: string
  /** `none` is for tests: nothing waits for the disk, and a crash of the machine loses the database. */
  readonly durability?: 'full' | 'none'
  /** Slow steps, in words for the person who waits. */
  readonly onProgress?: (text: string) => void
  /** PostgreSQL ended though nobody stopped it; it is started again after a while. */
  readonly onUnexpectedExit?: (exit: UnexpectedExit) => void
  readonly onRestarted?: () => void
  readonly clock?: Clock
}

const databaseName = 'entrepot'
const stopLimitMilliseconds = 10_000
/** For the processes of a killed PostgreSQL to end and let go of its lock. */
const lockLimitMilliseconds = 10_000
const lockPollMilliseconds = 200

/** The PostgreSQL that comes with Entrepot, run as our child: reached by a Unix socket, nothing on the network. */
export class EmbeddedPostgres {
  readonly #folder: string
  readonly #cluster: string
  readonly #delay: RestartDelay
  readonly #stopping = new AbortController()
  #claim: FolderClaim | undefined
  #sockets: SocketFolder | undefined
  #process: PostgresProcess | undefined
  #restarting: Promise<void> | undefined

  constructor(private readonly options: EmbeddedPostgresOptions) {
    this.#folder = join(resolve(options.dataDir), 'postgres')
    this.#cluster = join(this.#folder, 'data')
    this.#delay = new RestartDelay(options.clock ?? systemClock)
  }

  /**
   * Creates the cluster and the database where there are none, recovers from whatever ended the last run, and waits until
   * PostgreSQL answers. Once per object.
   * @throws with a message for the person at the terminal; nothing is left running then
   */
  async start(): Promise<PostgresConnection> {
    try {
      const installation = findPostgres()
      this.prepareFolder()
      this.#claim = FolderClaim.take(this.#folder)
      await this.prepareCluster(installation)
      this.#sockets = SocketFolder.create(join(this.#folder, 'run'))
      const command = this.command(installation, this.#sockets)
      const connection = connectionThrough(this.#sockets)
      await this.launch(command, connection)
      await createDatabase(connection)
      return connection
    } catch (error) {
      await this.stop()
      throw error
    }
  }

  /** Cuts off whoever is still connected. May be called again, and before `start` is done. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#process?.stop(stopLimitMilliseconds)
    await this.#restarting
    this.#sockets?.remove()
    this.#claim?.release()
  }

  /** For a process that is about to end and can't wait; the next start replays the log. */
  killNow(): void {
    this.#stopping.abort()
    this.#process?.killNow()
    this.#sockets?.remove()
    this.#claim?.release()
  }

  /** Lets the Node process end while PostgreSQL still runs: for tests, which have nobody to call `stop`. */
  unref(): void {
    this.#process?.unref()
  }

  /** The process id of PostgreSQL, while it runs. */
  get pid(): number | undefined {
    return this.#process?.pid
  }

  private prepareFolder(): void {
    const user = process.getuid?.()
    try {
      mkdirSync(this.#folder, { recursive: true, mode: 0o700 })
    } catch (cause) {
      throw new Error(
        `the data folder can't be used by user ${user}: ${(cause as Error).message}. Start Entrepot as the user who owns it, or set ENTREPOT_DATA_DIR to another`,
        { cause },
      )
    }
    const owner = statSync(this.#folder).uid
    if (owner !== user) {
      throw new Error(
        `${this.#folder} belongs to user ${owner}, but Entrepot runs as user ${user}: start it as the user who owns the data, or give that folder to this one (chown -R)`,
      )
    }
  }

  private async prepareCluster(installation: PostgresInstallation): Promise<void> {
    if (clusterExists(this.#cluster)) {
      checkClusterVersion(this.#cluster, installation.majorVersion)
      await stopOrphan(this.#cluster, {
        limitMilliseconds: stopLimitMilliseconds,
        onProgress: (text) => this.progress(text),
      })
      return
    }
    if (existsSync(this.#cluster)) {
      throw new Error(
        `${this.#cluster} exists but is not a database cluster (it has no PG_VERSION): move it away to start empty, or restore it from a backup`,
      )
    }
    this.progress(`creating the database cluster in ${this.#cluster}`)
    const prefix = launchPrefix()
    await createCluster(installation, this.#cluster, { sync: this.options.durability !== 'none', prefix })
  }

  private command(installation: PostgresInstallation, sockets: SocketFolder): readonly string[] {
    const settings = {
      ...commonSettings,
      ...(this.options.durability === 'none' ? fastSettings : {}),
      unix_socket_directories: sockets.path,
      port: String(socketPort),
    }
    const assignments = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
    return [...launchPrefix(), installation.postgres, '-D', this.#cluster, ...assignments]
  }

  /** Starts PostgreSQL; while a dead one's processes still hold its lock, again and again. */
  private async launch(command: readonly string[], connection: PostgresConnection): Promise<void> {
    for (let waited = 0; ; waited += lockPollMilliseconds) {
      this.refuseWhenStopping()
      const child = PostgresProcess.start(command)
      this.#process = child
      try {
        await child.ready(connection, (text) => this.progress(text))
        void child.exited.then((reason) => this.ended(child, reason, command, connection))
        return
      } catch (error) {
        await child.stop(stopLimitMilliseconds)
        this.refuseWhenStopping()
        if (!isStillLocked(child.output) || waited >= lockLimitMilliseconds) throw error
        if (waited === 0) this.progress('waiting for the processes of the last PostgreSQL to end')
        await sleep(lockPollMilliseconds)
      }
    }
  }

  private ended(
    child: PostgresProcess,
    reason: string,
    command: readonly string[],
    connection: PostgresConnection,
  ): void {
    if (this.#stopping.signal.aborted) return
    const restartInMilliseconds = this.#delay.next()
    this.options.onUnexpectedExit?.({ reason, output: child.output, restartInMilliseconds })
    this.#restarting = this.restart(restartInMilliseconds, command, connection)
  }

  private async restart(
    delay: number,
    command: readonly string[],
    connection: PostgresConnection,
  ): Promise<void> {
    try {
      await sleep(delay, undefined, { signal: this.#stopping.signal })
      await this.launch(command, connection)
      this.options.onRestarted?.()
    } catch (error) {
      if (this.#stopping.signal.aborted || this.#process === undefined) return
      this.ended(this.#process, (error as Error).message, command, connection)
    }
  }

  private refuseWhenStopping(): void {
    if (this.#stopping.signal.aborted) throw new Error('PostgreSQL was stopped while it started')
  }

  private progress(text: string): void {
    this.options.onProgress?.(text)
  }
}

const commonSettings: Readonly<Record<string, string>> = {
  listen_addresses: '',
  unix_socket_permissions: '0700',
  max_connections: '64',
  shared_buffers: '128MB',
  synchronous_commit: 'on',
  wal_compression: 'on',
  // Statements are short: compiling them, and handing their reads to helper processes, costs more than it saves.
  jit: 'off',
  io_method: 'sync',
  random_page_cost: '1.1',
  log_min_messages: 'warning',
  log_line_prefix: '%m [%p] ',
  log_timezone: 'UTC',
}

const fastSettings: Readonly<Record<string, string>> = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  shared_buffers: '32MB',
  autovacuum: 'off',
}

function connectionThrough(sockets: SocketFolder): PostgresConnection {
  return { host: sockets.path, port: socketPort, user: clusterUser, database: databaseName }
}

function isStillLocked(output: string): boolean {
  return /lock file .* already exists|shared memory block .* still in use/.test(output)
}

async function createDatabase(connection: PostgresConnection): Promise<void> {
  const client = new Client({ ...connection, database: 'postgres' })
  await client.connect()
  try {
    const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [databaseName])
    if (rowCount === 0) await client.query(`CREATE DATABASE ${databaseName}`)
  } finally {
    await client.end()
  }
}
