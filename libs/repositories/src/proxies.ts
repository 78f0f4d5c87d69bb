import { type Broadcast, Replicated } from '@entrepot/coordination'
import { byCodePoint, isRegistryError, type Logger, Turns } from '@entrepot/kernel'
import type { ProxyConfig, ProxyStore, StoredProxy } from './proxy-config.js'

/** What is to become of proxies by their keys; undefined: it goes. Those that are not in it stay. */
export type ChangedProxies = ReadonlyMap<string, ProxyConfig | undefined>

/** Makes changes of what there is. */
export type ProxiesChange = (find: (key: string) => ProxyConfig | undefined) => ChangedProxies

type ByKey = ReadonlyMap<string, StoredProxy>

/** Others that change proxies at the same time let each attempt but one begin anew. */
const maximumAttempts = 5

/** This service's name in JFrog's platform. */
const ownService = 'jfrt'

/** The proxies, in memory on every replica. */
export class Proxies {
  readonly #proxies: Replicated<ByKey>
  readonly #turns = new Turns()

  constructor(
    private readonly store: ProxyStore,
    broadcast: Broadcast,
    logger: Logger,
  ) {
    const load = async (current: ByKey) => loadedAfter(current, await store.list())
    this.#proxies = new Replicated({ name: 'proxies', initial: new Map(), load }, broadcast, logger)
  }

  /** Loads the proxies and follows their changes until `stop`. */
  start(): Promise<void> {
    return this.#proxies.start()
  }

  stop(): void {
    this.#proxies.stop()
  }

  /** By key. */
  all(): readonly ProxyConfig[] {
    return [...this.#proxies.current.values()].map(({ config }) => config)
  }

  find(key: string): ProxyConfig | undefined {
    return this.#proxies.current.get(key)?.config
  }

  /** That of this service, else that of the whole platform. */
  default(): ProxyConfig | undefined {
    const all = this.all()
    return (
      all.find(({ services }) => services.includes(ownService)) ??
      all.find(({ platformDefault }) => platformDefault)
    )
  }

  /** Calls back after every change that this replica sees. */
  onChange(listener: () => void): void {
    this.#proxies.onChange(listener)
  }

  /**
   * All of the changes or none. A proxy that becomes the default is the only one.
   * @param change may be called again when another change came between
   * @returns what was changed
   * @throws RegistryError what `change` throws; CONFLICT when others change them all the time
   */
  change(change: ProxiesChange): Promise<ChangedProxies> {
    return this.#turns.take('proxies', () => this.changeInTurn(change))
  }

  private async changeInTurn(change: ProxiesChange): Promise<ChangedProxies> {
    for (let attempt = 1; ; attempt += 1) {
      await this.#proxies.reload()
      const current = this.#proxies.current
      const changed = withOneDefault(
        change((key) => this.find(key)),
        this.all(),
      )
      const changes = [...changed].map(([key, config]) => {
        return { key, config, revision: current.get(key)?.revision ?? 0 }
      })
      try {
        await this.store.apply(changes)
        await this.#proxies.changed('proxies')
        return changed
      } catch (error) {
        if (!isRegistryError(error, 'CONFLICT') || attempt === maximumAttempts) throw error
      }
    }
  }
}

function withOneDefault(changed: ChangedProxies, all: readonly ProxyConfig[]): ChangedProxies {
  const complete = new Map(changed)
  const last = (is: (proxy: ProxyConfig) => boolean) => {
    return [...changed.values()].filter((proxy) => proxy !== undefined && is(proxy)).at(-1)?.key
  }
  const platform = last(({ platformDefault }) => platformDefault)
  const own = last(({ services }) => services.includes(ownService))
  const others = [...all.filter(({ key }) => !changed.has(key)), ...changed.values()]
  for (const proxy of others.filter((each) => each !== undefined)) {
    const losesPlatform = platform !== undefined && proxy.platformDefault && proxy.key !== platform
    const losesOwn = own !== undefined && proxy.services.includes(ownService) && proxy.key !== own
    if (!losesPlatform && !losesOwn) continue
    complete.set(proxy.key, {
      ...proxy,
      platformDefault: proxy.platformDefault && !losesPlatform,
      services: losesOwn ? proxy.services.filter((service) => service !== ownService) : proxy.services,
    })
  }
  return complete
}

function loadedAfter(before: ByKey, rows: readonly StoredProxy[]): ByKey {
  const isSame =
    before.size === rows.length &&
    rows.every(({ config, revision }) => before.get(config.key)?.revision === revision)
  if (isSame) return before
  const sorted = rows.toSorted((one, other) => byCodePoint(one.config.key, other.config.key))
  return new Map(sorted.map((row) => [row.config.key, row]))
}
