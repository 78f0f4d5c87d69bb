/** One LDAP server, or several with the same content, in the meaning of Artifactory's LDAP settings. */
export interface DirectorySettings {
  /** Names the directory in messages and is the realm of its users. */
  readonly key: string
  readonly enabled: boolean
  /**
   * `ldap://host:port/dc=example,dc=com` or `ldaps://…`; the path is the base DN that search base, group base and
   * `userDnPattern` are relative to. Tried in this order.
   */
  readonly urls: readonly string[]
  /** Asks for TLS on an `ldap://` connection before anything else is said, and goes on only with TLS. */
  readonly startTls: boolean
  /** PEM certificates that are trusted instead of the system's; undefined: the system's. */
  readonly caCertificates: string | undefined
  /** Such as `uid={0},ou=people`: binds as that entry without a search for it. */
  readonly userDnPattern: string | undefined
  readonly search: DirectorySearch
  readonly autoCreateUser: boolean
  readonly emailAttribute: string
  /** `follow` goes to configured servers only, so that no answer can send the manager's password elsewhere. */
  readonly referrals: 'follow' | 'ignore'
  readonly pagingSupport: boolean
  readonly pageSize: number
  readonly connectTimeoutMilliseconds: number
  /** For each answer of the server. */
  readonly readTimeoutMilliseconds: number
  /** Taken and given back only: a name belongs to one realm here, whatever this says. */
  readonly ldapPoisoningProtection: boolean
  /** Taken and given back only: a directory's user has no password here that a profile could change. */
  readonly allowUserToAccessProfile: boolean
}

export interface DirectorySearch {
  /** Such as `(uid={0})`; may be empty beside a `userDnPattern`. */
  readonly searchFilter: string
  /** Several are separated by `|`; empty: the base DN itself. */
  readonly searchBase: string
  readonly searchSubTree: boolean
  /** Undefined: searches without a bind. */
  readonly managerDn: string | undefined
  readonly managerPassword: string | undefined
}

export const groupStrategies = ['STATIC', 'DYNAMIC', 'HIERARCHICAL'] as const

/**
 * How members are known. STATIC: the group lists them. DYNAMIC: the user's entry lists the groups. HIERARCHICAL: the
 * user's DN goes through the groups, as in `uid=ann,ou=dev,ou=staff`.
 */
export type GroupStrategy = (typeof groupStrategies)[number]

/** Where groups of a directory are found, in the meaning of Artifactory's LDAP group settings. */
export interface DirectoryGroupSettings {
  readonly name: string
  /** The key of the directory; empty: these settings are switched off. */
  readonly enabledLdap: string
  /** Relative to the base DN of the URL; empty: the base DN itself. */
  readonly groupBaseDn: string
  readonly groupNameAttribute: string
  /**
   * STATIC: `member`, `uniqueMember`, `memberUid`, or `member:1.2.840.113556.1.4.1941:` for nested groups of Active
   * Directory. DYNAMIC: `memberOf` or `msds-memberOfTransitive`.
   */
  readonly groupMemberAttribute: string
  readonly subTree: boolean
  /** DYNAMIC: read the name from the group's entry even where the DN shows it. */
  readonly forceAttributeSearch: boolean
  /** Such as `(objectClass=groupOfNames)`. */
  readonly filter: string
  readonly descriptionAttribute: string
  readonly strategy: GroupStrategy
  /** How many levels of groups in groups are followed here, for servers that don't do it; 0: none. */
  readonly nestedDepth: number
}
