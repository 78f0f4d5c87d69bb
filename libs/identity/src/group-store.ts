import type { Listing, Page } from '@entrepot/kernel'

export interface Group {
  readonly name: string
  readonly description: string
  /** New users are members from the start. */
  readonly autoJoin: boolean
  /** Members administer. */
  readonly adminPrivileges: boolean
  /** `internal`, or `ldap` for one that was imported from a directory. */
  readonly realm: string
  readonly realmAttributes: string | undefined
  /** The name or DN of the directory group whose members are members here. */
  readonly externalId: string | undefined
}

export type GroupChange = Partial<Omit<Group, 'name'>>

export interface GroupStore {
  find(name: string): Promise<Group | undefined>
  /** By name. */
  list(page: Page): Promise<Listing<Group>>
  /** @throws RegistryError CONFLICT when the name is taken */
  create(group: Group): Promise<Group>
  /** @throws RegistryError NAME_UNKNOWN; CONFLICT when nobody could administer any more, as with all changes below */
  update(name: string, change: GroupChange): Promise<Group>
  /** @returns false when there was none */
  delete(name: string): Promise<boolean>
  /** The names of all members but transient ones, whatever the source of their membership. @throws RegistryError NAME_UNKNOWN */
  members(name: string): Promise<readonly string[]>
  /** Memberships given here; those from a directory stay. @throws RegistryError NAME_UNKNOWN for a group or user */
  changeMembers(name: string, change: { add: readonly string[]; remove: readonly string[] }): Promise<void>
}
