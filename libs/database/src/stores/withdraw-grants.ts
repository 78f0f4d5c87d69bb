import { userNameOf } from '@entrepot/identity'
import type { Queryable, Statement } from '../database.js'

interface GrantingRow {
  readonly name: string
  readonly users: readonly string[]
}

const granting: Statement = {
  text: `
    SELECT name, ARRAY(SELECT jsonb_object_keys(target -> 'users')) AS users FROM permission_targets
    ORDER BY name FOR UPDATE`,
}

/** $1 the target, $2 the names that lose their rights. Every replica follows the revision. */
const withdraw: Statement = {
  text: `
    UPDATE permission_targets SET revision = DEFAULT,
      target = jsonb_set(target, '{users}', (target -> 'users') - $2::text[])
    WHERE name = $1`,
}

/** Takes a user's name, however it is written there, out of all permission targets. */
export async function withdrawGrants(transaction: Queryable, name: string): Promise<void> {
  for (const target of await transaction.query<GrantingRow>(granting, [])) {
    const written = target.users.filter((user) => userNameOf(user) === name)
    if (written.length > 0) await transaction.query(withdraw, [target.name, written])
  }
}
