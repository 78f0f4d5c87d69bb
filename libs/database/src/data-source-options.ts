import type { DataSourceOptions, MigrationInterface } from 'typeorm'
import type { PostgresConnection } from './postgres-connection.js'
import { entities } from './entities/entities.js'

/** The connections of one replica; PostgreSQL's own limit is shared by all of them. */
const defaultPoolSize = 10

export interface DatabaseOptions {
  /** An external PostgreSQL by its URL, or the embedded one's address. */
  readonly connection: { readonly url: string } | PostgresConnection
  /** All of them, in order. They are not run when the data source is initialised: see `migrateDatabase`. */
  readonly migrations: readonly (new () => MigrationInterface)[]
  readonly poolSize?: number
  /** Shown in `pg_stat_activity`. */
  readonly applicationName?: string
  /** An idle connection broke: PostgreSQL was restarted, or a firewall forgot us. The pool opens another when asked. */
  readonly onIdleConnectionError?: (error: Error) => void
  /** `false` for work that may take hours, such as migrations. */
  readonly timeouts?: boolean
}

type PostgresOptions = Extract<DataSourceOptions, { type: 'postgres' }>

/** What both TypeORM and `@nestjs/typeorm` take; for the server, its tools and tests alike. */
export function createDataSourceOptions(options: DatabaseOptions): PostgresOptions {
  return {
    type: 'postgres',
    ...address(options.connection),
    entities: [...entities],
    migrations: [...options.migrations],
    migrationsTransactionMode: 'each',
    migrationsTableName: 'migrations',
    synchronize: false,
    logging: false,
    installExtensions: false,
    invalidWhereValuesBehavior: { null: 'throw', undefined: 'throw' },
    poolSize: options.poolSize ?? defaultPoolSize,
    applicationName: options.applicationName ?? 'entrepot',
    connectTimeoutMS: 3000,
    poolErrorHandler: (error: Error) => options.onIdleConnectionError?.(error),
    extra: options.timeouts === false ? {} : timeouts,
  }
}

/** In milliseconds. A request that can't be answered in this time is better told so than left hanging. */
const timeouts = {
  idleTimeoutMillis: 30_000,
  statement_timeout: 15_000,
  lock_timeout: 5000,
  idle_in_transaction_session_timeout: 30_000,
}

function address(connection: DatabaseOptions['connection']): Partial<PostgresOptions> {
  if ('url' in connection) return { url: connection.url }
  const { host, port, user, database } = connection
  return { host, port, username: user, database }
}
