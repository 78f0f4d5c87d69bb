import { anyRepository, type KeptSection, type PermissionTarget } from '@entrepot/access'
import { type AuditTrail, isRegistryError, RegistryError } from '@entrepot/kernel'
import type { RepositoryDirectory } from '@entrepot/repositories'
import type { AccountPorts, PermissionPorts } from '../admin-api-ports.js'
import type { Caller } from '../caller.js'
import { noSuch } from '../http/no-such.js'
import { parsePlainName } from '../http/plain-name.js'
import { recordChange } from '../record-change.js'
import type { GrantCleanup } from './grant-cleanup.js'
import type { PermissionInput } from './permission-input.js'
import { permissionV2Json } from './permission-v2.js'
import { effectOf, withKept } from './kept-permissions.js'
import { absent, ReferencedNames } from './referenced-names.js'

const anyKeys: ReadonlySet<string> = new Set(anyRepository)

/** What administrators, and holders of `manage`, do to permission targets. Every change is written down. */
export class PermissionAdministration {
  constructor(
    private readonly permissions: PermissionPorts,
    private readonly accounts: AccountPorts,
    private readonly repositories: RepositoryDirectory,
    private readonly grants: GrantCleanup,
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
  async visible(caller: Caller, name: string): Promise<PermissionTarget> {
    const target = await this.find(name)
    if (target === undefined || !this.mayChange(caller, target)) throw noSuch('permission target', name)
    return target
  }

  /** Also one that another replica made a moment ago. */
  private async find(name: string): Promise<PermissionTarget | undefined> {
    const { targets } = this.permissions
    if (targets.find(name) === undefined) await targets.refresh()
    return targets.find(name)?.target
  }

  /** @throws RegistryError CONFLICT when the name is taken, REQUEST_INVALID for what does not exist */
  async create(caller: Caller, nameText: string, input: PermissionInput): Promise<PermissionTarget> {
    if (!caller.administrator) throw notTheirs()
    const target = targetOf(parsePlainName('permission', nameText), input)
    const names = new ReferencedNames(this.accounts)
    await names.lookUp(target, undefined)
    await this.lookUpRepositories(target)
    this.check(target, undefined, names)
    const { target: created } = await this.permissions.targets.create(target)
    this.record(caller, 'permission.create', undefined, created)
    return this.withoutGone(caller, created, undefined, names)
  }

  /**
   * Replaces all that the target says; who only manages it may change the actions of users and groups alone. What the
   * target says when it is stored counts, and not what this replica knew of it before.
   * @throws RegistryError DENIED, REQUEST_INVALID for what does not exist
   */
  async replace(caller: Caller, name: string, input: PermissionInput): Promise<PermissionTarget> {
    const known = await this.find(name)
    if (known === undefined) throw this.refusal(caller, name)
    const names = new ReferencedNames(this.accounts)
    for (let current = known; ;) {
      const expected = this.wanted(caller, current, input)
      await names.lookUp(expected, current)
      await this.lookUpRepositories(expected)
      let isChecked = false
      const { target } = await this.permissions.targets.update(name, (latest) => {
        current = latest
        const wanted = this.wanted(caller, latest, input)
        isChecked = names.has(wanted, latest)
        if (!isChecked) return latest
        this.check(wanted, latest, names)
        return wanted
      })
      if (!isChecked) continue
      this.record(caller, 'permission.update', current, target)
      return this.withoutGone(caller, target, current, names)
    }
  }

  /**
   * Replaces a section that is not about the content of repositories.
   * @param section undefined: takes it out
   * @throws HttpException 404, RegistryError DENIED for who only manages the target
   */
  async replaceSection(
    caller: Caller,
    name: string,
    type: string,
    section: KeptSection | undefined,
  ): Promise<void> {
    await this.visible(caller, name)
    if (!caller.administrator) throw notTheirs()
    let before: PermissionTarget | undefined
    const { target } = await this.permissions.targets.update(name, (latest) => {
      before = latest
      return withKept(latest, latest.kept, { [type]: section })
    })
    this.record(caller, 'permission.update', before, target)
  }

  /** As both, for routes that create what they don't find. @returns whether it is new */
  async put(caller: Caller, name: string, input: PermissionInput): Promise<boolean> {
    if ((await this.find(name)) === undefined) {
      try {
        await this.create(caller, name, input)
        return true
      } catch (error) {
        // Another client was quicker.
        if (!isRegistryError(error, 'CONFLICT')) throw error
      }
    }
    await this.replace(caller, name, input)
    return false
  }

  /** @throws HttpException 404 */
  async remove(caller: Caller, name: string): Promise<void> {
    const current = await this.find(name)
    if (!(await this.permissions.targets.delete(name))) throw noSuch('permission target', name)
    this.record(caller, 'permission.delete', current, undefined)
  }

  /**
   * Whoever deletes something takes it out of the targets there are: what was deleted after it was looked up, and before the
   * target was stored, is taken out here.
   */
  private async withoutGone(
    caller: Caller,
    stored: PermissionTarget,
    before: PermissionTarget | undefined,
    names: ReferencedNames,
  ): Promise<PermissionTarget> {
    await this.repositories.refresh()
    const known = new Set(before?.repositories)
    const repositories = stored.repositories.filter(
      (key) => !anyKeys.has(key) && !known.has(key) && this.repositories.find(key) === undefined,
    )
    const gone = [...repositories.map((repository) => ({ repository })), ...(await names.gone())]
    for (const each of gone) await this.grants.withdraw(caller, each)
    return gone.length === 0 ? stored : (this.permissions.targets.find(stored.name)?.target ?? stored)
  }

  private mayChange(caller: Caller, target: PermissionTarget): boolean {
    return caller.administrator || this.permissions.policy.mayManage(caller.principal, target)
  }

  /** What the target is to say. @throws RegistryError DENIED when the caller may not change it, or not that much */
  private wanted(caller: Caller, current: PermissionTarget, input: PermissionInput): PermissionTarget {
    if (!this.mayChange(caller, current)) throw this.refusal(caller, current.name)
    return caller.administrator ? targetOf(current.name, input, current) : withGrants(current, input)
  }

  /** So that what another replica made a moment ago is known. */
  private async lookUpRepositories({ repositories }: PermissionTarget): Promise<void> {
    const isUnknown = (key: string) => !anyKeys.has(key) && this.repositories.find(key) === undefined
    if (repositories.some(isUnknown)) await this.repositories.refresh()
  }

  /** What the target named before may stay: a repository's deletion is not this request's fault. */
  private check(
    wanted: PermissionTarget,
    current: PermissionTarget | undefined,
    names: ReferencedNames,
  ): void {
    const known = new Set(current?.repositories)
    for (const key of wanted.repositories) {
      if (anyKeys.has(key) || known.has(key) || this.repositories.find(key) !== undefined) continue
      throw absent('repository', key)
    }
    names.check(wanted, current)
  }

  private refusal(caller: Caller, name: string): Error {
    return caller.administrator ? noSuch('permission target', name) : notTheirs()
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
      before: before && auditView(before),
      after: after && auditView(after),
    })
  }
}

/** With the sections that V2 does not know. */
function auditView(target: PermissionTarget): object {
  const { build: _build, release_bundle: _bundle, ...others } = target.kept?.sections ?? {}
  return { ...permissionV2Json(target), ...others }
}

function targetOf(name: string, input: PermissionInput, current?: PermissionTarget): PermissionTarget {
  const { repositories = [], includes = [], excludes = [], users = {}, groups = {}, sections } = input
  const grants = effectOf({ users, groups })
  return withKept({ name, repositories, includes, excludes, ...grants }, current?.kept, sections, {
    users,
    groups,
  })
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
  const { users = {}, groups = {} } = input
  return withKept({ ...current, ...effectOf({ users, groups }) }, current.kept, {}, { users, groups })
}

function isSame(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && new Set([...left, ...right]).size === new Set(left).size
}

/** The same whether the target exists or not. */
function notTheirs(): RegistryError {
  return new RegistryError(
    'DENIED',
    'this needs an administrator, or the right to manage the permission target',
  )
}
