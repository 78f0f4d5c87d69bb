import { anyRepository, type PermissionTarget } from '@entrepot/access'
import { anonymous, type AuditTrail, RegistryError } from '@entrepot/kernel'
import type { RepositoryDirectory } from '@entrepot/repositories'
import type { AccountPorts, PermissionPorts } from '../admin-api-ports.js'
import type { Caller } from '../caller.js'
import { noSuch } from '../http/no-such.js'
import { parsePlainName } from '../http/plain-name.js'
import { recordChange } from '../record-change.js'
import type { Grants, PermissionInput } from './permission-input.js'
import { permissionV2Json } from './permission-v2.js'

const anyKeys: ReadonlySet<string> = new Set(anyRepository)

/** What administrators, and holders of `manage`, do to permission targets. Every change is written down. */
export class PermissionAdministration {
  constructor(
    private readonly permissions: PermissionPorts,
    private readonly accounts: AccountPorts,
    private readonly repositories: RepositoryDirectory,
    private readonly audit: AuditTrail,
  ) {}

  /** Those that the caller may change, by name. */
  visibleTo(caller: Caller): readonly PermissionTarget[] {
    return this.permissions.targets
      .all()
      .map(({ target }) => target)
      .filter((target) => this.mayChange(caller, target))
  }

  /** @throws HttpException 404 for one that the caller may not change, whether it exists or not */
  visible(caller: Caller, name: string): PermissionTarget {
    const target = this.find(name)
    if (target === undefined || !this.mayChange(caller, target)) throw noSuch('permission target', name)
    return target
  }

  find(name: string): PermissionTarget | undefined {
    return this.permissions.targets.find(name)?.target
  }

  /** @throws RegistryError CONFLICT when the name is taken, REQUEST_INVALID for what does not exist */
  async create(caller: Caller, nameText: string, input: PermissionInput): Promise<PermissionTarget> {
    if (!caller.administrator) throw notTheirs()
    const target = targetOf(parsePlainName('permission', nameText), input)
    await this.check(target, undefined)
    const { target: created } = await this.permissions.targets.create(target)
    this.record(caller, 'permission.create', undefined, created)
    return created
  }

  /**
   * Replaces all that the target says; who only manages it may change the actions of users and groups alone.
   * @throws RegistryError DENIED, REQUEST_INVALID for what does not exist
   */
  async replace(caller: Caller, name: string, input: PermissionInput): Promise<PermissionTarget> {
    const current = this.find(name)
    if (current === undefined || !this.mayChange(caller, current)) {
      if (caller.administrator) throw noSuch('permission target', name)
      throw notTheirs()
    }
    const wanted = caller.administrator ? targetOf(current.name, input) : withGrants(current, input)
    await this.check(wanted, current)
    const { target } = await this.permissions.targets.update(name, () => wanted)
    this.record(caller, 'permission.update', current, target)
    return target
  }

  /** As both, for routes that create what they don't find. @returns whether it is new */
  async put(caller: Caller, name: string, input: PermissionInput): Promise<boolean> {
    const isNew = this.find(name) === undefined
    if (isNew) await this.create(caller, name, input)
    else await this.replace(caller, name, input)
    return isNew
  }

  /** @throws HttpException 404 */
  async remove(caller: Caller, name: string): Promise<void> {
    const current = this.find(name)
    if (!(await this.permissions.targets.delete(name))) throw noSuch('permission target', name)
    this.record(caller, 'permission.delete', current, undefined)
  }

  private mayChange(caller: Caller, target: PermissionTarget): boolean {
    return caller.administrator || this.permissions.policy.mayManage(caller.principal, target)
  }

  /** What the target named before may stay: a repository's deletion is not this request's fault. */
  private async check(wanted: PermissionTarget, current: PermissionTarget | undefined): Promise<void> {
    const known = new Set(current?.repositories)
    for (const key of wanted.repositories) {
      if (anyKeys.has(key) || known.has(key) || this.repositories.find(key) !== undefined) continue
      throw absent('repository', key)
    }
    for (const name of added(wanted.users, current?.users)) {
      if (name !== anonymous.name && (await this.accounts.users.find(name)) === undefined) {
        throw absent('user', name)
      }
    }
    for (const name of added(wanted.groups, current?.groups)) {
      if ((await this.accounts.groups.find(name)) === undefined) throw absent('group', name)
    }
  }

  private record(
    caller: Caller,
    action: 'permission.create' | 'permission.update' | 'permission.delete',
    before: PermissionTarget | undefined,
    after: PermissionTarget | undefined,
  ): void {
    const name = (after ?? before)?.name ?? ''
    recordChange(this.audit, caller, {
      action,
      subject: { kind: 'permission', name },
      before: before && permissionV2Json(before),
      after: after && permissionV2Json(after),
    })
  }
}

function targetOf(name: string, input: PermissionInput): PermissionTarget {
  const { repositories = [], includes = [], excludes = [], users = {}, groups = {} } = input
  return { name, repositories, includes, excludes, users, groups }
}

/** @throws RegistryError DENIED when more than the grants would change */
function withGrants(current: PermissionTarget, input: PermissionInput): PermissionTarget {
  const {
    repositories = current.repositories,
    includes = current.includes,
    excludes = current.excludes,
  } = input
  const same =
    isSame(repositories, current.repositories) &&
    (isSame(includes, current.includes) || (isSame(includes, ['**']) && current.includes.length === 0)) &&
    isSame(excludes, current.excludes)
  if (!same) {
    throw new RegistryError(
      'DENIED',
      'only an administrator may change the repositories and patterns of a permission target',
    )
  }
  return { ...current, users: input.users ?? {}, groups: input.groups ?? {} }
}

function isSame(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && new Set([...left, ...right]).size === new Set(left).size
}

function added(wanted: Grants, current: Grants | undefined): readonly string[] {
  const known = new Set(Object.keys(current ?? {}))
  return Object.keys(wanted).filter((name) => !known.has(name))
}

function absent(kind: string, name: string): RegistryError {
  return new RegistryError(
    'REQUEST_INVALID',
    `there is no ${kind} ${JSON.stringify(name.slice(0, 100))} that the permission target could name`,
  )
}

/** The same whether the target exists or not. */
function notTheirs(): RegistryError {
  return new RegistryError(
    'DENIED',
    'this needs an administrator, or the right to manage the permission target',
  )
}
