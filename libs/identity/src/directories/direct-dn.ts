import { userNameOf } from '../user-name.js'
import type { DirectoryServer } from './directory-server.js'
import { escapeDnValue, fillTemplate, rdnsOf, typeAndValueOf, underBase } from './ldap-text.js'

/** The `userDnPattern` for a name. */
export function directDn(server: DirectoryServer, pattern: string, username: string): string {
  return underBase(fillTemplate(pattern, escapeDnValue(username.normalize('NFC'))), server.baseDn)
}

/** Whether the DN of an entry shows the name as it was typed: servers take ` ann` and `ａnn` for `ann`. */
export function showsName(dn: string, pattern: string, username: string): boolean {
  const values = rdnsOf(dn).map((rdn) => typeAndValueOf(rdn)[1])
  return rdnsOf(pattern).every((rdn, index) => {
    const wanted = fillTemplate(typeAndValueOf(rdn)[1], username)
    return userNameOf(wanted) === userNameOf(values[index] ?? '')
  })
}
