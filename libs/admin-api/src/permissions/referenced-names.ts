import type { Gone, PermissionTarget } from '@entrepot/access'
import { anonymous, RegistryError } from '@entrepot/kernel'
import type { AccountPorts } from '../admin-api-ports.js'
import type { Grants } from './permission-input.js'

/**
 * Which of the users and groups that a permission target names exist. Looking them up takes time and checking does not, so
 * that the check can be made on what the target says at the moment of its change.
 */
export class ReferencedNames {
  readonly #users = new Map<string, boolean>()
  readonly #groups = new Map<string, boolean>()

  constructor(private readonly accounts: Pick<AccountPorts, 'users' | 'groups'>) {
    this.#users.set(anonymous.name, true)
  }

  /** Whether there is nobody to be looked up before `check`. */
  has(wanted: PermissionTarget, current: PermissionTarget | undefined): boolean {
    return (
      added(wanted.users, current?.users).every((name) => this.#users.has(name)) &&
      added(wanted.groups, current?.groups).every((name) => this.#groups.has(name))
    )
  }

  async lookUp(wanted: PermissionTarget, current: PermissionTarget | undefined): Promise<void> {
    for (const name of added(wanted.users, current?.users)) {
      if (this.#users.has(name)) continue
      this.#users.set(name, (await this.accounts.users.find(name)) !== undefined)
    }
    for (const name of added(wanted.groups, current?.groups)) {
      if (this.#groups.has(name)) continue
      this.#groups.set(name, (await this.accounts.groups.find(name)) !== undefined)
    }
  }

  /** Which of those that were found exist no longer. */
  async gone(): Promise<readonly Gone[]> {
    const gone: Gone[] = []
    for (const [user, wasThere] of this.#users) {
      if (!wasThere || user === anonymous.name) continue
      if ((await this.accounts.users.find(user)) === undefined) gone.push({ user })
    }
    for (const [group, wasThere] of this.#groups) {
      if (wasThere && (await this.accounts.groups.find(group)) === undefined) gone.push({ group })
    }
    return gone
  }

  /**
   * What the target named before may stay.
   * @throws RegistryError REQUEST_INVALID for a name that is new in the target, and nobody's
   */
  check(wanted: PermissionTarget, current: PermissionTarget | undefined): void {
    const user = added(wanted.users, current?.users).find((name) => this.#users.get(name) !== true)
    if (user !== undefined) throw absent('user', user)
    const group = added(wanted.groups, current?.groups).find((name) => this.#groups.get(name) !== true)
    if (group !== undefined) throw absent('group', group)
  }
}

/** What a permission target can not name. */
export function absent(kind: 'user' | 'group' | 'repository', name: string): RegistryError {
  return new RegistryError(
    'REQUEST_INVALID',
    `there is no ${kind} ${JSON.stringify(name.slice(0, 100))} that the permission target could name`,
  )
}

function added(wanted: Grants, current: Grants | undefined): readonly string[] {
  const known = new Set(Object.keys(current ?? {}))
  return Object.keys(wanted).filter((name) => !known.has(name))
}
