import { RegistryError } from '@entrepot/kernel'
import type { Database, Queryable, Statement } from '../database.js'
import { administratorExists } from './user-account.sql.js'

/** One after the other on all replicas, or two administrators could demote each other. An arbitrary number. */
const serialise: Statement = { text: 'SELECT pg_advisory_xact_lock(7015331)' }

/**
 * A transaction that may take somebody's administration away.
 * @throws RegistryError CONFLICT when nobody could administer after it, and then nothing has happened
 */
export function keepAdministrator<T>(
  database: Database,
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
