import { DataSource, type QueryRunner } from 'typeorm'
import { createDataSourceOptions, type DatabaseOptions } from './data-source-options.js'
import { explainDatabaseError } from './database-error.js'

/** Any number that nobody else locks in this database: held by the replica that migrates. */
const migrationLock = 4_127_550_318

const oldestVersion = 140_000

/**
 * Brings the schema up to date: one replica does it, the others wait for it. Uses connections of its own, without the
 * time limits of requests.
 * @throws RegistryError UNAVAILABLE when the database can't be reached; Error for one that can't be used, with the reason
 */
export async function migrateDatabase(
  options: DatabaseOptions,
  onProgress: (text: string) => void = () => undefined,
): Promise<void> {
  const dataSource = new DataSource(createDataSourceOptions({ ...options, poolSize: 2, timeouts: false }))
  try {
    await dataSource.initialize()
    const runner = dataSource.createQueryRunner()
    try {
      await checkServer(runner)
      await waitForLock(runner, onProgress)
      await migrate(dataSource, onProgress)
    } finally {
      await runner.query('SELECT pg_advisory_unlock_all()')
      await runner.release()
    }
  } catch (error) {
    throw explainDatabaseError(error)
  } finally {
    if (dataSource.isInitialized) await dataSource.destroy()
  }
}

async function migrate(dataSource: DataSource, onProgress: (text: string) => void): Promise<void> {
  if (!(await dataSource.showMigrations())) return
  onProgress('bringing the database schema up to date')
  const done = await dataSource.runMigrations()
  onProgress(`database schema is up to date: ${done.map(({ name }) => name).join(', ')}`)
}

async function waitForLock(runner: QueryRunner, onProgress: (text: string) => void): Promise<void> {
  const [row] = (await runner.query('SELECT pg_try_advisory_lock($1) AS locked', [migrationLock])) as {
    locked: boolean
  }[]
  if (row?.locked === true) return
  onProgress('waiting for another replica, which is bringing the database schema up to date')
  await runner.query('SELECT pg_advisory_lock($1)', [migrationLock])
}

async function checkServer(runner: QueryRunner): Promise<void> {
  const [row] = (await runner.query(
    `SELECT current_setting('server_version_num')::int AS version, current_setting('server_version') AS shown,
            current_setting('server_encoding') AS encoding`,
  )) as { version: number; shown: string; encoding: string }[]
  if (row === undefined) throw new Error('PostgreSQL does not say which version it is')
  if (row.version < oldestVersion) {
    throw new Error(
      `ENTREPOT_DATABASE_URL names a PostgreSQL ${row.shown}: Entrepot needs version 14 or newer`,
    )
  }
  if (row.encoding !== 'UTF8') {
    throw new Error(
      `the database of ENTREPOT_DATABASE_URL is encoded in ${row.encoding}: create it with ENCODING 'UTF8'`,
    )
  }
}
