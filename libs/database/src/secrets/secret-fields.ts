import type { SecretBox } from '@entrepot/kernel'

/** Tables with configurations, and where in these secrets are. */
export const secretFields = {
  repositories: { name: 'key', paths: [['password'], ['queryParams']] },
  ldap_settings: { name: 'key', paths: [['search', 'managerPassword']] },
  ldap_group_settings: { name: 'name', paths: [] },
  proxies: { name: 'key', paths: [['password']] },
  oidc_providers: { name: 'name', paths: [['client', 'secret']] },
} as const satisfies Record<string, { readonly name: string; readonly paths: readonly (readonly string[])[] }>

export type ConfigTable = keyof typeof secretFields

/** @param name what the row of the table is called by */
export function placeOf(table: string, name: string, path: readonly string[]): string {
  return `${table}/${name}/${path.join('.')}`
}

/** Seals and opens the secrets in configurations; all the rest stays as it is, and so does the empty text. */
export class ConfigSecrets<T> {
  constructor(
    private readonly box: SecretBox,
    private readonly table: ConfigTable,
  ) {}

  sealed(name: string, config: T): T {
    return this.changed(name, config, (text, place) => this.box.seal(text, place))
  }

  /** @throws RegistryError UNAVAILABLE as `SecretBox.open` */
  opened(name: string, config: T): T {
    return this.changed(name, config, (text, place) => this.box.open(text, place))
  }

  private changed(name: string, config: T, change: (text: string, place: string) => string): T {
    let changed: unknown = config
    for (const path of secretFields[this.table].paths) {
      changed = changedAt(changed, path, (text) => change(text, placeOf(this.table, name, path)))
    }
    return changed as T
  }
}

function changedAt(value: unknown, path: readonly string[], change: (text: string) => string): unknown {
  const [field, ...rest] = path
  if (field === undefined) return typeof value === 'string' && value !== '' ? change(value) : value
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, field)) return value
  const before = (value as Readonly<Record<string, unknown>>)[field]
  const after = changedAt(before, rest, change)
  return after === before ? value : { ...value, [field]: after }
}
