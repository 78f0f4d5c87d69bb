import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { migrations } from '@entrepot-migrations'
import { Client } from 'pg'
import { DataSource } from 'typeorm'
import { createDataSourceOptions, type DatabaseOptions } from '../data-source-options.js'
import { Database } from '../database.js'
import { EmbeddedPostgres } from '../embedded-postgres/embedded-postgres.js'
import { processIdentity } from '../embedded-postgres/process-table.js'
import { migrateDatabase } from '../migrate-database.js'
import type { PostgresConnection } from '../postgres-connection.js'

const folderPrefix = 'entrepot-test-pg-'
const template = 'entrepot_template'

/**
 * A fresh, migrated database on a real PostgreSQL that the process shares: started by the first `create`, ended with the
 * process. Close each database, best in `afterAll`.
 */
export class TestDatabase {
  private constructor(
    readonly connection: PostgresConnection,
    /** Without the data source's own: hand it to `createDataSourceOptions` for a second replica. */
    readonly options: DatabaseOptions,
    readonly dataSource: DataSource,
    readonly database: Database,
  ) {}

  static async create(options: { readonly poolSize?: number } = {}): Promise<TestDatabase> {
    const connection = await createFromTemplate(template)
    const databaseOptions = { connection, migrations, ...options }
    const dataSource = new DataSource(createDataSourceOptions(databaseOptions))
    await dataSource.initialize()
    return new TestDatabase(connection, databaseOptions, dataSource, new Database(dataSource))
  }

  /** A database without any table. */
  static createEmpty(): Promise<PostgresConnection> {
    return createFromTemplate('template0')
  }

  /** For what takes `ENTREPOT_DATABASE_URL`. */
  get url(): string {
    return databaseUrl(this.connection)
  }

  async close(): Promise<void> {
    await this.dataSource.destroy()
    await administer(await server(), `DROP DATABASE ${this.connection.database} WITH (FORCE)`)
  }
}

export function databaseUrl({ host, port, user, database }: PostgresConnection): string {
  return `postgresql://${user}@localhost/${database}?host=${encodeURIComponent(host)}&port=${port}`
}

let running: Promise<PostgresConnection> | undefined
let count = 0

function server(): Promise<PostgresConnection> {
  running ??= startServer()
  return running
}

async function startServer(): Promise<PostgresConnection> {
  removeFoldersOfTheDead()
  const dataDir = mkdtempSync(join(tmpdir(), `${folderPrefix}${process.pid}-`))
  const postgres = new EmbeddedPostgres({ dataDir, durability: 'none' })
  const clearUp = () => {
    const { pid } = postgres
    postgres.killNow()
    if (pid !== undefined) waitForEnd(pid)
    rmSync(dataDir, { recursive: true, force: true })
  }
  process.once('exit', clearUp)
  // How the test runner ends its workers.
  process.once('SIGTERM', () => {
    clearUp()
    process.kill(process.pid, 'SIGTERM')
  })
  const connection = await postgres.start()
  postgres.unref()
  await administer(connection, `CREATE DATABASE ${template} TEMPLATE template0`)
  await migrateDatabase({ connection: { ...connection, database: template }, migrations })
  return connection
}

/** PostgreSQL writes until it has ended. Blocks, because a process that exits can't wait otherwise. */
function waitForEnd(pid: number): void {
  const never = new Int32Array(new SharedArrayBuffer(4))
  for (let waited = 0; waited < 1000 && processIdentity(pid) !== undefined; waited += 10) {
    Atomics.wait(never, 0, 0, 10)
  }
}

async function createFromTemplate(source: string): Promise<PostgresConnection> {
  const connection = await server()
  count += 1
  const database = `entrepot_test_${count}`
  await administer(connection, `CREATE DATABASE ${database} TEMPLATE ${source} STRATEGY file_copy`)
  return { ...connection, database }
}

async function administer(connection: PostgresConnection, sql: string): Promise<void> {
  const client = new Client({ ...connection, database: 'postgres' })
  await client.connect()
  try {
    await client.query(sql)
  } finally {
    await client.end()
  }
}

/** A killed test process can't clear up after itself. */
function removeFoldersOfTheDead(): void {
  for (const name of readdirSync(tmpdir())) {
    const pid = name.startsWith(folderPrefix) ? Number(name.slice(folderPrefix.length).split('-', 1)[0]) : NaN
    if (Number.isSafeInteger(pid) && processIdentity(pid) === undefined) {
      rmSync(join(tmpdir(), name), { recursive: true, force: true })
    }
  }
}
