import { InMemoryPermissionTargetStore, InMemorySecuritySettingStore } from '@entrepot/access/testing'
import {
  type DirectoryGroupSettings,
  type DirectorySettings,
  PasswordHasher,
  PasswordRule,
} from '@entrepot/identity'
import {
  InMemoryAccounts,
  InMemoryGroupStore,
  InMemoryOidcProviderStore,
  InMemoryOrderedSettingsStore,
  InMemoryUserAccountStore,
} from '@entrepot/identity/testing'
import { RecordingAuditTrail } from '@entrepot/kernel/testing'
import { InMemoryRepositoryStore } from '@entrepot/repositories/testing'
import { ConfigurationAdministration } from '../configuration/configuration-administration.js'
import type { ConfigurationDifference } from '../configuration/difference.js'
import type { FoundSecret, SecretReference, SecretSource } from '../configuration/secret-source.js'
import { InMemoryConfiguration } from './in-memory-configuration.js'

/** Something different for every variable and file. */
class PlentifulSecrets implements SecretSource {
  readonly given = new Set<string>()

  async read(reference: SecretReference): Promise<FoundSecret> {
    const name = 'env' in reference ? reference.env : reference.file
    const text = `canary-of-${name.toLowerCase()}`
    this.given.add(text)
    return { kind: 'text', text }
  }
}

const author = { actor: 'ann', realm: undefined, origin: { address: '192.0.2.7', requestId: '' } }

/** All that is administered, on stores in memory and without a server. */
export class ConfigurationInstance {
  readonly audit = new RecordingAuditTrail()
  readonly secrets = new PlentifulSecrets()
  readonly transactions: InMemoryConfiguration
  readonly administration: ConfigurationAdministration

  constructor() {
    const accounts = new InMemoryAccounts()
    this.transactions = new InMemoryConfiguration({
      accounts,
      repositories: new InMemoryRepositoryStore(),
      users: new InMemoryUserAccountStore(accounts),
      groups: new InMemoryGroupStore(accounts),
      permissionTargets: new InMemoryPermissionTargetStore(),
      directories: new InMemoryOrderedSettingsStore<DirectorySettings>(),
      directoryGroups: new InMemoryOrderedSettingsStore<DirectoryGroupSettings>(),
      oidcProviders: new InMemoryOidcProviderStore(),
      settings: new InMemorySecuritySettingStore(),
    })
    const others = {
      hasher: new PasswordHasher(),
      passwordPolicies: new PasswordRule(),
      principals: { forget: () => undefined },
      refreshTokens: { revokeAllOf: () => Promise.resolve() },
    }
    this.administration = new ConfigurationAdministration(this.transactions, others, [], this.audit)
  }

  apply(document: object): Promise<ConfigurationDifference> {
    return this.administration.apply({ ...document }, this.secrets, author)
  }

  /** Where no variable is set. */
  diff(document: object): Promise<ConfigurationDifference> {
    return this.administration.diff({ ...document }, { read: () => Promise.resolve({ kind: 'absent' }) })
  }
}
