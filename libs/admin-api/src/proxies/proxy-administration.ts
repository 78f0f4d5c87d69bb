import { type AuditTrail, RegistryError } from '@entrepot/kernel'
import type { Proxies, ProxyConfig, RepositoryDirectory } from '@entrepot/repositories'
import type { Caller } from '../caller.js'
import { objectOf } from '../http/object-of.js'
import { parseDto, unknownFieldsIn } from '../http/parse-dto.js'
import { parsePlainName } from '../http/plain-name.js'
import type { JsonObject } from '../json-body.js'
import { recordChange } from '../record-change.js'
import { changedProxy } from './changed-proxy.js'
import { ProxyDto } from './proxy.dto.js'

/** What is to become of proxies, checked as far as that goes without a look at what there is. */
export interface ProxyChanges {
  /** Undefined: it goes. */
  readonly byKey: ReadonlyMap<string, ProxyDto | undefined>
  /** What has no effect. */
  readonly ignored: readonly string[]
}

/** As the Terraform provider writes it, and as YAML does. */
const goes = new Set<unknown>([null, '~'])

/** Makes, changes and deletes proxies, and writes down who did. */
export class ProxyAdministration {
  constructor(
    private readonly proxies: Proxies,
    private readonly repositories: Pick<RepositoryDirectory, 'all'>,
    private readonly audit: AuditTrail,
  ) {}

  all(): readonly ProxyConfig[] {
    return this.proxies.all()
  }

  /** @param section `proxies` of the configuration. @throws RegistryError REQUEST_INVALID */
  parse(section: unknown): ProxyChanges {
    const byKey = new Map<string, ProxyDto | undefined>()
    const ignored: string[] = []
    for (const [name, given] of Object.entries(objectOf(section, 'proxies'))) {
      const key = parsePlainName('proxy', name)
      if (goes.has(given)) {
        byKey.set(key, undefined)
        continue
      }
      const fields: JsonObject = objectOf(given, `proxies.${key}`)
      const dto = parseDto(ProxyDto, fields, `proxies.${key}.`)
      byKey.set(key, dto)
      ignored.push(
        ...unknownFieldsIn(ProxyDto, fields, `proxies.${key}.`).filter(
          (each) => each !== `proxies.${key}.key`,
        ),
      )
      for (const field of ['ntHost', 'domain'] as const) {
        if ((dto[field] ?? '') !== '') ignored.push(`proxies.${key}.${field}`)
      }
    }
    return { byKey, ignored }
  }

  /**
   * All of it or nothing.
   * @returns how many were made, changed or deleted
   * @throws RegistryError REQUEST_INVALID for a new one without host or port; CONFLICT when one goes that a repository names
   */
  async change(caller: Caller, { byKey }: ProxyChanges): Promise<number> {
    if (byKey.size === 0) return 0
    const before = new Map<string, ProxyConfig | undefined>()
    const changed = await this.proxies.change((find) => {
      before.clear()
      const after = new Map<string, ProxyConfig | undefined>()
      for (const [key, dto] of byKey) {
        const current = find(key)
        before.set(key, current)
        if (dto !== undefined) after.set(key, changedProxy(key, current, dto))
        else if (current !== undefined) {
          this.requireUnused(key)
          after.set(key, undefined)
        }
      }
      return after
    })
    for (const [key, after] of changed) this.record(caller, key, before.get(key), after)
    return changed.size
  }

  /** A remote that went on without its proxy would go around it. */
  private requireUnused(key: string): void {
    const users = this.repositories
      .all()
      .filter(({ config }) => config.rclass === 'remote' && config.proxy === key)
      .map(({ config }) => config.key)
    if (users.length === 0) return
    const names = users.slice(0, 10).join(', ')
    throw new RegistryError(
      'CONFLICT',
      `proxy ${key} is named by ${users.length} repositories, such as ${names}: change these first`,
    )
  }

  private record(
    caller: Caller,
    key: string,
    before: ProxyConfig | undefined,
    after: ProxyConfig | undefined,
  ): void {
    const isChanged = after !== undefined && (before?.password ?? '') !== after.password
    recordChange(this.audit, caller, {
      action: 'settings.update',
      subject: { kind: 'settings', name: `proxies.${key}` },
      before: before && shown(before),
      after: after && { ...shown(after), ...(isChanged ? { password: 'changed' } : {}) },
    })
  }
}

function shown({ password: _password, ...others }: ProxyConfig): object {
  return others
}
