import { RegistryError } from '@entrepot/kernel'
import type { GroupStore } from '../group-store.js'
import { directoryGroupRealm } from '../groups-here.js'
import type { ConfiguredDirectories } from './configured-directories.js'
import type { DirectoryGroupSettings } from './directory-settings.js'
import type { DirectoryGroupEntry } from './group-search.js'

export const groupImportModes = ['UPDATE', 'IMPORT', 'UPDATE_AND_IMPORT'] as const
/** UPDATE changes groups that are here; IMPORT makes those that are not. */
export type GroupImportMode = (typeof groupImportModes)[number]

export interface GroupImport {
  readonly found: number
  readonly created: readonly string[]
  readonly updated: readonly string[]
  /** A group of this registry's own has the name: whoever is in it was put there by an administrator. */
  readonly taken: readonly string[]
}

/** Makes groups here of those in a directory. Members are never imported: they come at login. */
export class GroupImporter {
  constructor(
    private readonly directories: ConfiguredDirectories,
    private readonly groups: GroupStore,
  ) {}

  /**
   * @param name of the group settings
   * @param only the names of the directory's groups to take; undefined: all
   * @throws RegistryError NAME_UNKNOWN, REQUEST_INVALID when no directory is set, UNAVAILABLE
   */
  async import(name: string, mode: GroupImportMode, only?: readonly string[]): Promise<GroupImport> {
    const settings = this.directories.groupSettings().find((one) => one.name === name)
    if (settings === undefined)
      throw new RegistryError('NAME_UNKNOWN', `there is no LDAP group setting ${JSON.stringify(name)}`)
    const found = (await this.list(settings)).filter((entry) => only?.includes(entry.name) ?? true)
    const created: string[] = []
    const updated: string[] = []
    const taken: string[] = []
    for (const entry of found) {
      const result = await this.importOne(entry, settings, mode)
      if (result === 'created') created.push(entry.name)
      else if (result === 'updated') updated.push(entry.name)
      else if (result === 'taken') taken.push(entry.name)
    }
    return { found: found.length, created, updated, taken }
  }

  /** The groups that a directory has. @throws RegistryError REQUEST_INVALID, UNAVAILABLE */
  async list(settings: DirectoryGroupSettings): Promise<readonly DirectoryGroupEntry[]> {
    const directory = this.directories.find(settings.enabledLdap)
    if (directory !== undefined) return directory.groups(settings)
    throw new RegistryError(
      'REQUEST_INVALID',
      `the LDAP group setting ${settings.name} has no directory: set enabledLdap to the key of one`,
    )
  }

  private async importOne(
    entry: DirectoryGroupEntry,
    settings: DirectoryGroupSettings,
    mode: GroupImportMode,
  ) {
    const attributes = {
      description: entry.description,
      realmAttributes: `ldapGroupName=${entry.name};groupsStrategy=${settings.strategy};groupDn=${entry.dn}`,
      externalId: entry.dn,
    }
    const existing = await this.groups.find(entry.name)
    if (existing !== undefined && existing.realm !== directoryGroupRealm) return 'taken'
    if (existing !== undefined) {
      if (mode === 'IMPORT') return 'left'
      await this.groups.update(entry.name, attributes)
      return 'updated'
    }
    if (mode === 'UPDATE') return 'left'
    const rights = { autoJoin: false, adminPrivileges: false }
    await this.groups.create({ name: entry.name, ...rights, realm: directoryGroupRealm, ...attributes })
    return 'created'
  }
}
