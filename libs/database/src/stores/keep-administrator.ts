import { RegistryError } from '@entrepot/kernel'
import type { Queryable, Statement, Transactional } from '../database.js'
import { administratorExists } from './user-account.sql.js'

/** One after the other on all replicas, or two administrators could demote each other. An arbitrary number. */
const serialise: Statement = { text: 'SELECT pg_advisory_xact_lock(7015331)' }

/** How a store makes sure that somebody can administer after a change of its. */
export type AdministratorKeeper = typeof keepAdministrator

/** For stores within a transaction that is looked at as a whole, at its end. */
export const keptByTransaction: AdministratorKeeper = (database, change) => database.transaction(change)

/**
 * A transaction that may take somebody's administration away.
 * @throws RegistryError CONFLICT when nobody could administer after it, and then nothing has happened
 */
export function keepAdministrator<T>(
  database: Transactional,
  change: (transaction: Queryable) => Promise<T>,
): Promise<T> {
  return database.transaction(async (transaction) => {
    await transaction.query(serialise, [])
    const before = await isAdministered(transaction)
    const result = await change(transaction)
    if (before && !(await isAdministered(transaction))) {
      throw new RegistryError(
        'CONFLICT',
        'nobody could administer after this: make another user an administrator first',
      )
    }
    return result
  })
}

async function isAdministered(transaction: Queryable): Promise<boolean> {
  const [row] = await transaction.query<{ exists: boolean }>(administratorExists, [])
  return row?.exists === true
}
