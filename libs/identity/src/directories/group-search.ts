import { AndFilter, type Entry, EqualityFilter, ExtensibleFilter, type Filter, OrFilter } from 'ldapts'
import type { DirectoryGroupSettings } from './directory-settings.js'
import { valuesOf } from './entry-values.js'
import type { LdapSession } from './ldap-session.js'
import { comparableDn, isWithin, parseFilter, rdnsOf, typeAndValueOf, underBase } from './ldap-text.js'
import type { DirectoryGroup } from './user-directory.js'

/** More groups than anybody has; a directory that lists more is read no further. */
const groupLimit = 2000

/** So many groups of one level are asked for with one filter. */
const chunkSize = 50

/** LDAP_MATCHING_RULE_IN_CHAIN of Active Directory (MS-ADTS 3.1.1.3.4.4.3), as in `member:1.2.840.113556.1.4.1941:`. */
const matchingRule = /^([\w-]+):([\d.]+):$/

/** Finds the groups of a user as one of the group settings says. */
export class GroupSearch {
  /** @param pageSize undefined where the server knows no pages */
  constructor(
    private readonly settings: DirectoryGroupSettings,
    private readonly pageSize: number | undefined,
  ) {}

  /** @throws LdapFailure: groups that can't be read are never "no groups" */
  async groupsOf(session: LdapSession, user: Entry): Promise<readonly DirectoryGroup[]> {
    const { strategy } = this.settings
    if (strategy === 'HIERARCHICAL') return this.groupsAbove(user.dn)
    const direct = strategy === 'STATIC' ? this.listing(session, user) : this.listedBy(session, user.dn)
    return this.withParents(session, await direct)
  }

  /** All groups, for the import. @throws LdapFailure */
  async all(session: LdapSession): Promise<readonly DirectoryGroupEntry[]> {
    const { groupNameAttribute, descriptionAttribute } = this.settings
    const attributes = [groupNameAttribute, descriptionAttribute]
    const search = { ...this.placeOf(session), filter: this.settings.filter, attributes }
    const { entries } = await session.search(search, 'groups')
    return entries.flatMap((entry) => {
      const name = valuesOf(entry, groupNameAttribute)[0]
      const description = valuesOf(entry, descriptionAttribute)[0] ?? ''
      return name === undefined ? [] : [{ name, dn: entry.dn, description }]
    })
  }

  /** Each level's groups are asked for their own, with an eye on those seen: groups may contain each other. */
  private async withParents(session: LdapSession, direct: readonly DirectoryGroup[]) {
    const seen = new Map<string, DirectoryGroup>()
    const add = (groups: readonly DirectoryGroup[]): readonly DirectoryGroup[] => {
      const added = groups.filter(({ dn }) => dn !== undefined && !seen.has(comparableDn(dn)))
      for (const group of added) if (seen.size < groupLimit) seen.set(comparableDn(group.dn ?? ''), group)
      return added
    }
    let level = add(direct)
    for (let depth = 0; depth < this.settings.nestedDepth && level.length > 0; depth += 1) {
      if (seen.size >= groupLimit) break
      const dns = level.map(({ dn }) => dn ?? '')
      level = add(
        this.settings.strategy === 'STATIC'
          ? await this.containing(session, dns)
          : (await inTurn(dns, (dn) => this.listedBy(session, dn))).flat(),
      )
    }
    return [...seen.values()]
  }

  private listing(session: LdapSession, user: Entry): Promise<readonly DirectoryGroup[]> {
    const isByName = this.settings.groupMemberAttribute.toLowerCase() === 'memberuid'
    return this.containing(session, isByName ? valuesOf(user, 'uid') : [user.dn])
  }

  private async containing(
    session: LdapSession,
    members: readonly string[],
  ): Promise<readonly DirectoryGroup[]> {
    const chunks = Array.from({ length: Math.ceil(members.length / chunkSize) }, (_, index) =>
      members.slice(index * chunkSize, (index + 1) * chunkSize),
    )
    const found = await inTurn(chunks, async (chunk) => {
      const anyMember = new OrFilter({ filters: chunk.map((member) => this.hasMember(member)) })
      const filter = new AndFilter({ filters: [parseFilter(this.settings.filter), anyMember] })
      const attributes = [this.settings.groupNameAttribute]
      const { entries } = await session.search({ ...this.placeOf(session), filter, attributes }, 'groups')
      return entries.flatMap((entry) => this.groupOf(entry))
    })
    return found.flat()
  }

  private hasMember(member: string): Filter {
    const [, attribute, rule] = matchingRule.exec(this.settings.groupMemberAttribute) ?? []
    return attribute === undefined || rule === undefined
      ? new EqualityFilter({ attribute: this.settings.groupMemberAttribute, value: member })
      : new ExtensibleFilter({ matchType: attribute, rule, value: member })
  }

  /** With a search of its own, because Active Directory computes `msds-memberOfTransitive` for a base search only. */
  private async listedBy(session: LdapSession, dn: string): Promise<readonly DirectoryGroup[]> {
    const entry = await session.read(dn, [this.settings.groupMemberAttribute], 'groups')
    const base = underBase(this.settings.groupBaseDn, session.server.baseDn)
    const dns = (entry === undefined ? [] : valuesOf(entry, this.settings.groupMemberAttribute))
      .filter((group) => isWithin(group, base))
      .slice(0, groupLimit)
    return (await inTurn(dns, (group) => this.named(session, group))).flat()
  }

  private async named(session: LdapSession, dn: string): Promise<readonly DirectoryGroup[]> {
    const [type, name] = typeAndValueOf(rdnsOf(dn)[0] ?? '')
    const isShown = type.toLowerCase() === this.settings.groupNameAttribute.toLowerCase()
    if (isShown && !this.settings.forceAttributeSearch) return [{ name, dn }]
    // A group that is gone, or that the manager may not see, is none.
    const { filter, groupNameAttribute } = this.settings
    const entry = await session.read(dn, [groupNameAttribute], 'groups', filter)
    return entry === undefined ? [] : this.groupOf(entry)
  }

  private groupsAbove(dn: string): readonly DirectoryGroup[] {
    const rdns = rdnsOf(dn)
    return rdns.slice(1).flatMap((rdn, index) => {
      const [type, name] = typeAndValueOf(rdn)
      const isGroup = type.toLowerCase() === this.settings.groupNameAttribute.toLowerCase()
      return isGroup ? [{ name, dn: rdns.slice(index + 1).join(',') }] : []
    })
  }

  private groupOf(entry: Entry): readonly DirectoryGroup[] {
    const name = valuesOf(entry, this.settings.groupNameAttribute)[0]
    return name === undefined ? [] : [{ name, dn: entry.dn }]
  }

  private placeOf(session: LdapSession) {
    const base = underBase(this.settings.groupBaseDn, session.server.baseDn)
    return {
      base,
      scope: this.settings.subTree ? ('sub' as const) : ('one' as const),
      pageSize: this.pageSize,
    }
  }
}

export interface DirectoryGroupEntry {
  readonly name: string
  readonly dn: string
  readonly description: string
}

async function inTurn<T, R>(items: readonly T[], action: (item: T) => Promise<R>): Promise<readonly R[]> {
  const results: R[] = []
  for (const item of items) results.push(await action(item))
  return results
}
