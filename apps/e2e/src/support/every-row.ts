import type { Database } from '@entrepot/database'

/** Every row of every table as text, as a dump would have them. */
export async function everyRowOf(database: Database): Promise<string> {
  const tables = await database.query<{ name: string }>(
    { text: `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public'` },
    [],
  )
  const rows: string[] = []
  for (const { name } of tables) {
    const text = `SELECT t::text AS row FROM "${name}" t`
    for (const { row } of await database.query<{ row: string }>({ text }, [])) rows.push(`${name} ${row}`)
  }
  return rows.join('\n')
}
