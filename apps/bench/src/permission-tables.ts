import { join } from 'node:path'
import { Client } from 'pg'

export interface PermissionCounts {
  readonly users: number
  readonly groups: number
  readonly targets: number
}

/** The user who asks, member of as many groups as every other. */
export const reader = 'user-1'

const groupsOfUser = 10
const groupsOfTarget = 10

/**
 * Fills an Entrepot's embedded PostgreSQL, past its API, which would take minutes. One target lets a group of the reader's
 * read what is measured; the others name images beside it. The reader logs in with the administrator's password.
 * @param dataFolder the server's
 */
export async function fillPermissionTables(dataFolder: string, counts: PermissionCounts): Promise<void> {
  const host = join(dataFolder, 'postgres', 'run')
  const client = new Client({ host, port: 5432, user: 'entrepot', database: 'entrepot' })
  await client.connect()
  try {
    const { users, groups, targets } = counts
    await client.query(insertUsers, [users])
    await client.query(insertGroups, [groups])
    await client.query(insertMembers, [users, groups, Math.min(groupsOfUser, groups)])
    const rows = Array.from({ length: targets }, (_, position) => targetOf(position, counts))
    await client.query(insertTargets, [JSON.stringify(rows)])
    await client.query('ANALYZE')
  } finally {
    await client.end()
  }
}

const insertUsers = `
  INSERT INTO users (name, password_hash, admin, disabled)
  SELECT 'user-' || n, admin.password_hash, false, false
  FROM generate_series(1, $1::int) n, users admin WHERE admin.name = 'admin'`

const insertGroups = `INSERT INTO groups (name) SELECT 'group-' || n FROM generate_series(0, $1::int - 1) n`

/** Spread so that no two users are in the same groups; the reader is in the first. $1 users, $2 groups, $3 each. */
const insertMembers = `
  INSERT INTO group_members (user_id, group_name, source)
  SELECT DISTINCT u.id, 'group-' || ((n - 1) * 7 + position * 97) % $2::int, 'internal'
  FROM generate_series(1, $1::int) n
  JOIN users u ON u.name = 'user-' || n
  CROSS JOIN generate_series(0, $3::int - 1) position`

const insertTargets = `
  INSERT INTO permission_targets (name, target)
  SELECT target ->> 'name', target FROM jsonb_array_elements($1::jsonb) target`

function targetOf(position: number, { users, groups }: PermissionCounts): object {
  const actions = ['read', 'annotate', 'deploy', 'overwrite']
  const groupNames = Array.from(
    { length: Math.min(groupsOfTarget, groups) },
    (_, each) => `group-${(position + each * 101) % groups}`,
  )
  const content =
    position === 0
      ? { repositories: ['docker-local'], includes: ['bench/**'], excludes: ['**/secret*/**/x'] }
      : {
          repositories: [['docker-local'], ['ANY'], ['ANY LOCAL'], ['ANY REMOTE']][position % 4],
          includes: [`team-${position}/**`, `*/service-${position}/release-*`],
          excludes: [`team-${position}/private*/**`],
        }
  return {
    name: `target-${position}`,
    ...content,
    users: position === 0 ? {} : { [`user-${1 + ((position * 13) % users)}`]: [...actions, 'manage'] },
    groups: Object.fromEntries(groupNames.map((name) => [name, actions])),
  }
}
