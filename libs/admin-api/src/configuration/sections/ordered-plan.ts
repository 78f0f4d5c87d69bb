import type { OrderedSettingsStore } from '@entrepot/identity'
import { RegistryError } from '@entrepot/kernel'
import type { JsonObject } from '../../json-body.js'
import type { ConfigurationStores } from '../configuration-stores.js'
import type { PlanContext } from '../plan-context.js'

/** What is made of one list of settings that have an order. */
export interface OrderedPlan<T> {
  /** `directories.settings`. */
  readonly path: string
  /** What the audit trail calls the order. */
  readonly orderName: string
  /** Those that are there, in their order. */
  readonly names: readonly string[]
  /** Those that the document lists, in its order. */
  readonly listed: readonly string[]
  readonly deleted: ReadonlySet<string>
  readonly writes: readonly {
    readonly name: string
    readonly config: T
    readonly revision: number | undefined
  }[]
  readonly storeIn: (stores: ConfigurationStores) => OrderedSettingsStore<T>
}

/** Adds the steps, and the change of the order where there is one. */
export function planOrdered<T>(context: PlanContext, plan: OrderedPlan<T>): void {
  const { path, writes, deleted, names } = plan
  const made = writes.filter(({ revision }) => revision === undefined).map(({ name }) => name)
  const appended = [...names.filter((name) => !deleted.has(name)), ...made]
  const order = inListedOrder(appended, plan.listed)
  const isReordered = order.some((name, position) => name !== appended[position])
  if (isReordered) noteOrder(context, plan, order)
  if (!isReordered && writes.length === 0 && deleted.size === 0) return
  context.steps.push({
    stage: 'directories',
    run: async (stores) => {
      const store = plan.storeIn(stores)
      for (const name of deleted) {
        if (!(await store.delete(name)))
          throw new RegistryError('CONFLICT', `${path}: ${name} was deleted by another`)
      }
      for (const { name, config, revision } of writes) {
        if (revision === undefined) await store.create(name, config)
        else await store.update(name, config, revision)
      }
      if (isReordered) await store.reorder(order)
    },
  })
}

function noteOrder<T>(context: PlanContext, plan: OrderedPlan<T>, order: readonly string[]): void {
  const shown = (names: readonly string[]): JsonObject => ({ order: names })
  context.changes.push({
    change: 'update',
    path: plan.path,
    before: shown(plan.names),
    after: shown(order),
    secrets: [],
    action: 'settings.update',
    subject: { kind: 'settings', name: plan.orderName },
  })
}

/** Those that are listed change places among themselves; all others stay where they are. */
function inListedOrder(names: readonly string[], listed: readonly string[]): readonly string[] {
  const known = new Set(names)
  const next = listed.filter((name) => known.has(name))
  const moving = new Set(next)
  let at = 0
  return names.map((name) => (moving.has(name) ? (next[at++] ?? name) : name))
}
