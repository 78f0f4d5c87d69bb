import { type AuditAction, type AuditTrail, RegistryError } from '@entrepot/kernel'
import type { Proxies, RepositoryConfig, RepositoryDirectory, RepositoryKey } from '@entrepot/repositories'
import type { Caller } from './caller.js'
import { changedConfig } from './changed-config.js'
import type { JsonObject } from './json-body.js'
import { newConfig } from './new-config.js'
import type { GrantCleanup } from './permissions/grant-cleanup.js'
import { recordChange } from './record-change.js'
import { unknownFieldsOf } from './repository-body.js'
import { repositoryJson } from './repository-json.js'

/** A repository and what a request says of it. */
export interface RepositoryEntry<Key extends string = string> {
  readonly key: Key
  readonly body: JsonObject
}

/** Makes, changes and deletes repositories, and writes down who did. Of several, all or none. */
export class RepositoryAdministration {
  constructor(
    private readonly repositories: RepositoryDirectory,
    private readonly proxies: Pick<Proxies, 'find'>,
    private readonly grants: GrantCleanup,
    private readonly audit: AuditTrail,
  ) {}

  /**
   * @returns the fields that had no effect
   * @throws RegistryError REQUEST_INVALID, CONFLICT
   */
  async create(
    caller: Caller,
    entries: readonly RepositoryEntry<RepositoryKey>[],
  ): Promise<readonly string[]> {
    const coming = new Map<string, RepositoryKey>(entries.map(({ key }) => [key, key]))
    const find = (key: string) => coming.get(key) ?? this.findKey(key)
    // One that does not exist means "none": it must not be one that another replica made a moment ago.
    const targets = entries.flatMap(({ body: { defaultDeploymentRepo: key } }) =>
      typeof key === 'string' ? [key] : [],
    )
    if (targets.some((key) => find(key) === undefined)) await this.repositories.refresh()
    const configs = entries.map(({ key, body }) => newConfig(key, body, find))
    for (const config of configs) this.requireProxy(undefined, config)
    await this.repositories.createAll(configs)
    for (const config of configs) this.record(caller, 'repository.create', undefined, config)
    return ignoredIn(entries, configs)
  }

  /**
   * @returns the fields that had no effect
   * @throws RegistryError NAME_UNKNOWN, REQUEST_INVALID
   */
  async update(caller: Caller, entries: readonly RepositoryEntry[]): Promise<readonly string[]> {
    const before = new Map<string, RepositoryConfig>()
    const stored = await this.repositories.updateAll(
      entries.map(({ key, body }) => ({
        key,
        change: (current) => {
          before.set(key, current)
          const changed = changedConfig(current, body, this.findKey)
          this.requireProxy(current, changed)
          return changed
        },
      })),
    )
    const configs = stored.map(({ config }) => config)
    for (const config of configs) {
      this.record(caller, 'repository.update', before.get(config.key), config)
    }
    return ignoredIn(entries, configs)
  }

  /** @returns false when there was none. @throws RegistryError CONFLICT naming the virtual repositories that list it */
  async delete(caller: Caller, key: RepositoryKey): Promise<boolean> {
    const before = this.repositories.find(key)?.config
    if (!(await this.repositories.delete(key))) return false
    this.record(caller, 'repository.delete', before, undefined)
    await this.grants.withdraw(caller, { repository: key })
    return true
  }

  private readonly findKey = (key: string): RepositoryKey | undefined =>
    this.repositories.find(key)?.config.key

  /** One that is named already may have gone meanwhile: that is told when the upstream is asked. */
  private requireProxy(before: RepositoryConfig | undefined, after: RepositoryConfig): void {
    if (after.rclass !== 'remote' || after.proxy === '') return
    if (before?.rclass === 'remote' && before.proxy === after.proxy) return
    if (this.proxies.find(after.proxy) !== undefined) return
    throw new RegistryError(
      'REQUEST_INVALID',
      `proxy is ${JSON.stringify(after.proxy.slice(0, 100))}, which there is not: create it in system/configuration first`,
    )
  }

  private record(
    caller: Caller,
    action: AuditAction,
    before: RepositoryConfig | undefined,
    after: RepositoryConfig | undefined,
  ): void {
    recordChange(this.audit, caller, {
      action,
      subject: { kind: 'repository', name: (after ?? before)?.key ?? '' },
      before: before && auditedJson(before),
      after: after && { ...auditedJson(after), ...secretChanges(before, after) },
    })
  }
}

function ignoredIn(
  entries: readonly RepositoryEntry[],
  configs: readonly RepositoryConfig[],
): readonly string[] {
  const fields = entries.flatMap(({ body }, position) => {
    const config = configs[position]
    return config === undefined ? [] : unknownFieldsOf(config.rclass, body)
  })
  return [...new Set(fields)]
}

/** Query parameters are how some registries take a credential. */
function auditedJson(config: RepositoryConfig): Record<string, unknown> {
  const { queryParams, ...shown } = repositoryJson(config)
  return queryParams === undefined ? shown : { ...shown, queryParams: queryParams === '' ? '' : 'given' }
}

/** That they changed, never what they are. */
function secretChanges(before: RepositoryConfig | undefined, after: RepositoryConfig): object {
  if (after.rclass !== 'remote') return {}
  const changed = (['password', 'queryParams'] as const).filter((field) => {
    const old = before?.rclass === 'remote' ? before[field] : ''
    return old !== after[field]
  })
  return Object.fromEntries(changed.map((field) => [field, 'changed']))
}
