import type { Database, Statement } from '../database.js'

/** The plan that a prepared statement comes down to after some calls, when it no longer looks at the values. */
export function planOf(
  database: Database,
  statement: Statement,
  values: readonly unknown[],
): Promise<string> {
  return database.transaction(async (transaction) => {
    await transaction.query({ text: 'SET LOCAL plan_cache_mode = force_generic_plan' }, [])
    const types = values.map((value) =>
      typeof value === 'number' ? 'int' : Array.isArray(value) ? 'text[]' : 'text',
    )
    await transaction.query({ text: `PREPARE examined (${types.join(', ')}) AS ${statement.text}` }, [])
    const literals = values.map((value) => (Array.isArray(value) ? `'{}'` : `'${String(value)}'`))
    const rows = await transaction.query<{ 'QUERY PLAN': string }>(
      { text: `EXPLAIN EXECUTE examined (${literals.join(', ')})` },
      [],
    )
    await transaction.query({ text: 'DEALLOCATE examined' }, [])
    return rows.map((row) => row['QUERY PLAN']).join('\n')
  })
}
