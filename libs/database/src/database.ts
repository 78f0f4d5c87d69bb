import { setTimeout as sleep } from 'node:timers/promises'
import type { Pool, PoolClient } from 'pg'
import type { DataSource, EntityManager } from 'typeorm'
import { explainDatabaseError, isConcurrencyFailure } from './database-error.js'

export interface Statement {
  /** With a name the statement is planned once per connection; a name stands for one text for ever. */
  readonly name?: string
  readonly text: string
}

export interface Queryable {
  query<Row>(statement: Statement, values: readonly unknown[]): Promise<readonly Row[]>
}

/** What a store needs: the database, or one transaction of several stores. */
export interface Transactional extends Queryable {
  /** `work` may be called several times and does nothing but query; when it throws, nothing of it has happened. */
  transaction<T>(work: (transaction: Queryable) => Promise<T>): Promise<T>
}

const maximumAttempts = 8

/**
 * PostgreSQL for the stores. Statements and transactions that lost against one running beside them are done again; a
 * database that is down, full or overloaded is a RegistryError that says so.
 */
export class Database implements Transactional {
  constructor(private readonly dataSource: DataSource) {}

  /** One statement, which is its own transaction. */
  query<Row>(statement: Statement, values: readonly unknown[]): Promise<readonly Row[]> {
    return this.repeating(() => run<Row>(this.pool, statement, values))
  }

  /** READ COMMITTED. `work` may be called several times and does nothing but query; when it throws, nothing happened. */
  transaction<T>(work: (transaction: Queryable) => Promise<T>): Promise<T> {
    return this.repeating(() => this.attempt(work))
  }

  /** For the tables that have an entity. */
  entities<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> {
    return this.repeating(() => work(this.dataSource.manager))
  }

  /** For readiness. @throws RegistryError UNAVAILABLE */
  async check(): Promise<void> {
    await this.query({ text: 'SELECT 1' }, [])
  }

  /** TypeORM's own pool: made by `initialize`, ended by `destroy`. */
  private get pool(): Pool {
    return (this.dataSource.driver as unknown as { readonly master: Pool }).master
  }

  private async attempt<T>(work: (transaction: Queryable) => Promise<T>): Promise<T> {
    const client = await this.pool.connect()
    let broken: Error | undefined
    // The query that runs is rejected with it as well; without a listener it would end the process.
    const onError = (error: Error) => {
      broken = error
    }
    client.on('error', onError)
    try {
      await client.query('BEGIN')
      const result = await work({ query: (statement, values) => run(client, statement, values) })
      await client.query('COMMIT')
      return result
    } catch (error) {
      await client.query('ROLLBACK').catch(onError)
      throw error
    } finally {
      client.off('error', onError)
      client.release(broken)
    }
  }

  private async repeating<T>(work: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await work()
      } catch (error) {
        if (!isConcurrencyFailure(error) || attempt === maximumAttempts) throw explainDatabaseError(error)
        await sleep(attempt * 5)
      }
    }
  }
}

async function run<Row>(
  target: Pool | PoolClient,
  statement: Statement,
  values: readonly unknown[],
): Promise<readonly Row[]> {
  const result = await target.query({ ...statement, values: [...values] })
  return result.rows as readonly Row[]
}
