import type { Queryable, Statement, Transactional } from './database.js'

/**
 * A transaction that several stores take part in: what is a transaction of its own to each of them is a part of this one,
 * which happens with all the others or not at all. After a failure nothing more can be done in it.
 */
export class JoinedTransaction implements Transactional {
  constructor(private readonly outer: Queryable) {}

  query<Row>(statement: Statement, values: readonly unknown[]): Promise<readonly Row[]> {
    return this.outer.query<Row>(statement, values)
  }

  transaction<T>(work: (transaction: Queryable) => Promise<T>): Promise<T> {
    return work(this.outer)
  }
}
