/** Where a PostgreSQL is: what `pg` takes. */
export interface PostgresConnection {
  /** A host name, or the folder of a Unix socket. */
  readonly host: string
  readonly port: number
  readonly user: string
  readonly database: string
}
