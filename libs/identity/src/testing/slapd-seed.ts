import { createHash } from 'node:crypto'

/** Entries of the test directory, in LDIF. */

export const suffix = 'dc=example,dc=com'
export const managerDn = `cn=manager,${suffix}`
export const managerPassword = 'canary-manager-7f3a'
export const rootDn = `cn=root,${suffix}`
export const rootPassword = 'canary-root-91bc'

/** Of everybody in the bulk. */
export const bulkPassword = 'bulk-secret'

/** The schema of Active Directory as far as logins see it, on OIDs for experiments. */
export const schema = `
attributetype ( 1.3.6.1.4.1.4203.666.77.1 NAME 'sAMAccountName' EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
attributetype ( 1.3.6.1.4.1.4203.666.77.2 NAME 'userPrincipalName' EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
attributetype ( 1.3.6.1.4.1.4203.666.77.3 NAME 'userAccountControl' EQUALITY integerMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.27 SINGLE-VALUE )
attributetype ( 1.3.6.1.4.1.4203.666.77.4 NAME 'nsAccountLock' EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
attributetype ( 1.3.6.1.4.1.4203.666.77.5 NAME 'msds-memberOfTransitive' EQUALITY distinguishedNameMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.12 )
attributetype ( 1.3.6.1.4.1.4203.666.77.6 NAME 'accountExpires' EQUALITY integerMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.27 SINGLE-VALUE )
objectclass ( 1.3.6.1.4.1.4203.666.77.10 NAME 'adUser' SUP top AUXILIARY MAY ( accountExpires $ sAMAccountName $ userPrincipalName $ userAccountControl $ nsAccountLock $ msds-memberOfTransitive ) )
`

interface Person {
  readonly uid: string
  readonly password?: string
  readonly cn?: string
  readonly rdn?: string
  readonly under?: string
  readonly more?: Readonly<Record<string, string>>
}

const people: readonly Person[] = [
  { uid: 'alice', password: 'secret1', more: { mail: 'alice@example.com' } },
  { uid: 'bob', password: 'secret2' },
  { uid: 'john(1)*', password: 'secret3', cn: 'Doe, John (ops)', rdn: 'cn=Doe\\, John (ops)' },
  { uid: 'jürgen', password: 'pässwörd', cn: 'Müller Jürgen', rdn: 'cn=Müller Jürgen' },
  { uid: "a$'b", password: 'secret4', rdn: 'cn=dollar' },
  { uid: 'twin', password: 'secret5' },
  { uid: 'twin', password: 'secret5', under: 'ou=contractors' },
  { uid: 'blind', password: 'secret1', under: 'ou=blind' },
  { uid: 'carl', password: 'secret6', under: 'ou=contractors' },
  { uid: 'hans', password: 'secret7', under: 'ou=dev,ou=staff' },
  { uid: 'nopassword' },
  {
    uid: 'ann',
    password: 'secret8',
    more: { sAMAccountName: 'ann', userPrincipalName: 'ann@corp.example', userAccountControl: '512' },
  },
  {
    uid: 'expired',
    password: 'secret9',
    // 2020-01-01
    more: { userAccountControl: '512', accountExpires: '132223104000000000' },
  },
  {
    uid: 'hasty',
    password: 'secret9',
    more: { pwdPolicySubentry: `cn=policy,${suffix}`, accountExpires: '9223372036854775807' },
  },
  { uid: 'off', password: 'secret9', more: { sAMAccountName: 'off', userAccountControl: '514' } },
  { uid: 'nslocked', password: 'secret9', more: { nsAccountLock: 'TRUE' } },
  { uid: 'ppolicylocked', password: 'secret9', more: { pwdAccountLockedTime: '000001010000Z' } },
]

function dnOf({ uid, rdn, under }: Person): string {
  return `${rdn ?? `uid=${uid}`},${under ?? 'ou=people'},${suffix}`
}

function entry(
  dn: string,
  classes: readonly string[],
  values: readonly (readonly [string, string])[],
): string {
  const line = ([name, value]: readonly [string, string]) =>
    /^[ -~]*$/.test(value) && !/^[ :<]/.test(value)
      ? `${name}: ${value}`
      : `${name}:: ${Buffer.from(value).toString('base64')}`
  const all = [['dn', dn] as const, ...classes.map((one) => ['objectClass', one] as const), ...values]
  return `${all.map(line).join('\n')}\n\n`
}

function unit(path: string): string {
  const [, name = ''] = /^ou=([^,]+)/.exec(path) ?? []
  return entry(`${path},${suffix}`, ['organizationalUnit'], [['ou', name]])
}

function person(one: Person): string {
  const { uid, password, cn, rdn, more = {} } = one
  const ownName = /^cn=(.*)$/.exec(rdn ?? '')?.[1]?.replaceAll('\\', '')
  return entry(
    dnOf(one),
    ['inetOrgPerson', 'adUser'],
    [
      ['uid', uid],
      ['cn', cn ?? ownName ?? uid],
      ['sn', uid],
      ['entryUUID', entryUuid(dnOf(one))],
      ...(password === undefined ? [] : ([['userPassword', password]] as const)),
      ...Object.entries(more),
    ],
  )
}

/** The same at each server, as between servers that replicate each other. */
export function entryUuid(dn: string): string {
  const hex = createHash('sha256').update(dn).digest('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join(
    '-',
  )
}

function group(name: string, members: readonly string[]): string {
  const values = members.map((member) => ['member', member] as const)
  return entry(
    `cn=${name},ou=groups,${suffix}`,
    ['groupOfNames'],
    [['cn', name], ['description', `the ${name}`], ...values],
  )
}

export function userDn(uid: string): string {
  const found = people.find((one) => one.uid === uid)
  if (found === undefined) throw new Error(`the test directory has no ${uid}`)
  return dnOf(found)
}

export function groupDn(name: string): string {
  return `cn=${name},ou=groups,${suffix}`
}

/** Loaded before the start. */
export function foundation(bulk: number): string {
  const top = entry(
    suffix,
    ['dcObject', 'organization'],
    [
      ['o', 'Example'],
      ['dc', 'example'],
    ],
  )
  const units = [
    'ou=people',
    'ou=contractors',
    'ou=blind',
    'ou=groups',
    'ou=staff',
    'ou=dev,ou=staff',
    'ou=bulk',
  ].map(unit)
  const manager = entry(
    managerDn,
    ['organizationalRole', 'simpleSecurityObject'],
    [
      ['cn', 'manager'],
      ['userPassword', managerPassword],
    ],
  )
  // Locks for a second after two wrong passwords.
  const policy = entry(
    `cn=policy,${suffix}`,
    ['device', 'pwdPolicy'],
    [
      ['cn', 'policy'],
      ['pwdAttribute', 'userPassword'],
      ['pwdLockout', 'TRUE'],
      ['pwdMaxFailure', '2'],
      ['pwdLockoutDuration', '1'],
    ],
  )
  return [top, ...units, manager, policy, ...people.map(person), ...bulkEntries(bulk)].join('')
}

/** Added to the running server, because its memberOf overlay sees only what happens then. */
export function groups(): string {
  const unique = entry(
    groupDn('unique'),
    ['groupOfUniqueNames'],
    [
      ['cn', 'unique'],
      ['uniqueMember', userDn('alice')],
    ],
  )
  const posix = entry(
    groupDn('posix'),
    ['posixGroup'],
    [
      ['cn', 'posix'],
      ['gidNumber', '500'],
      ['memberUid', 'alice'],
      ['memberUid', 'john(1)*'],
    ],
  )
  return [
    group('devs', ['alice', 'john(1)*', 'jürgen', 'ann'].map(userDn)),
    group('admins', [userDn('alice')]),
    group('engineering', [groupDn('devs')]),
    group('staff', [groupDn('engineering'), userDn('hans')]),
    group('loop-a', [userDn('bob'), groupDn('loop-b')]),
    group('loop-b', [groupDn('loop-a')]),
    group('Größe', [userDn('jürgen')]),
    unique,
    posix,
  ].join('')
}

function bulkEntries(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => {
    const number = String(index + 1).padStart(5, '0')
    const user = `uid=u${number},ou=bulk,${suffix}`
    const values = [
      ['uid', `u${number}`],
      ['cn', `u${number}`],
      ['sn', number],
      ['entryUUID', entryUuid(user)],
      ['userPassword', bulkPassword],
    ] as const
    const members = [
      ['cn', `g${number}`],
      ['member', user],
    ] as const
    return (
      entry(user, ['inetOrgPerson'], values) +
      entry(`cn=g${number},ou=bulk,${suffix}`, ['groupOfNames'], members)
    )
  })
}
