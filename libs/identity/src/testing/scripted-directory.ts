import { RegistryError } from '@entrepot/kernel'
import type { PasswordCredentials } from '../authenticator.js'
import type {
  DirectoryGroup,
  DirectoryIdentity,
  DirectoryVerdict,
  UserDirectory,
} from '../directories/user-directory.js'
import { userNameOf } from '../user-name.js'

export interface ScriptedEntry {
  readonly password: string
  readonly groups: readonly DirectoryGroup[]
  readonly uniqueId?: string
  readonly passwordChangedAt?: Date
}

/** A directory that knows what a test says, and counts how often it is asked. */
export class ScriptedDirectory implements UserDirectory {
  readonly entries = new Map<string, ScriptedEntry>()
  isDown = false
  binds = 0
  lookUps = 0

  constructor(
    readonly key: string,
    readonly createsAccounts = true,
  ) {}

  add(username: string, password: string, ...groups: readonly string[]): this {
    this.entries.set(username, { password, groups: groups.map((name) => ({ name, dn: undefined })) })
    return this
  }

  async verify({ username, password }: PasswordCredentials): Promise<DirectoryVerdict> {
    this.binds += 1
    this.answerOrFail()
    const entry = this.entries.get(userNameOf(username))
    if (entry === undefined) return { kind: 'unknown' }
    if (entry.password !== password) return { kind: 'wrong-password' }
    return { kind: 'confirmed', identity: this.identityOf(username, entry) }
  }

  async lookUp(username: string): Promise<DirectoryIdentity | undefined> {
    this.lookUps += 1
    this.answerOrFail()
    const entry = this.entries.get(userNameOf(username))
    return entry && this.identityOf(username, entry)
  }

  private answerOrFail(): void {
    if (this.isDown) {
      throw new RegistryError(
        'UNAVAILABLE',
        `ldap://${this.key}.internal as cn=reader refused the connection`,
      )
    }
  }

  private identityOf(
    username: string,
    { groups, uniqueId, passwordChangedAt }: ScriptedEntry,
  ): DirectoryIdentity {
    const name = userNameOf(username)
    return {
      directory: this.key,
      username: name,
      dn: `uid=${name},dc=${this.key}`,
      uniqueId,
      passwordChangedAt,
      email: undefined,
      groups,
    }
  }
}
