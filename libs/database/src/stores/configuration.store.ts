import type { DirectoryGroupSettings, DirectorySettings } from '@entrepot/identity'
import type { SecretBox } from '@entrepot/kernel'
import type { RepositoryId } from '@entrepot/repositories'
import type { Database, Queryable, Statement } from '../database.js'
import { JoinedTransaction } from '../joined-transaction.js'
import { PostgresGroupStore } from './group.store.js'
import { keepAdministrator, keptByTransaction } from './keep-administrator.js'
import { PostgresOidcProviderStore } from './oidc-provider.store.js'
import { PostgresOrderedSettingsStore } from './ordered-settings.store.js'
import { PostgresPermissionTargetStore } from './permission-target.store.js'
import { PostgresProxyStore } from './proxy.store.js'
import { holdsContent, lockMembers, lockRepositoryById } from './repository.sql.js'
import { PostgresRepositoryStore } from './repository.store.js'
import { PostgresSecuritySettingStore } from './security-setting.store.js'
import { PostgresUserAccountStore } from './user-account.store.js'

/** The stores of all that is administered, on one transaction. */
export type PostgresConfigurationStores = ReturnType<typeof storesOn>

const asSnapshot: Statement = { text: 'SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY' }

/** After the members, as whoever changes a virtual repository does. Reading and pushing go on. */
const lockDocuments: Statement = {
  text: `
    LOCK TABLE repositories, permission_targets, ldap_settings, ldap_group_settings, oidc_providers, security_settings
    IN SHARE ROW EXCLUSIVE MODE`,
}

/** All that is administered, read at one moment or changed by one transaction. */
export class PostgresConfiguration {
  constructor(
    private readonly database: Database,
    private readonly box: SecretBox,
  ) {}

  /** What all stores hold at one moment. `work` only reads, and may be called several times. */
  snapshot<T>(work: (stores: PostgresConfigurationStores) => Promise<T>): Promise<T> {
    return this.database.transaction(async (transaction) => {
      await transaction.query(asSnapshot, [])
      return work(storesOn(transaction, this.box, unlocked))
    })
  }

  /**
   * One transaction over all stores. Two of these, and whoever changes anything of it but the account of a user who logs in,
   * wait for each other: what is read here stays so to the end. `work` may be called several times.
   * @throws RegistryError what the stores throw, and CONFLICT when nobody could administer at the end
   */
  transaction<T>(work: (stores: PostgresConfigurationStores) => Promise<T>): Promise<T> {
    return keepAdministrator(this.database, async (transaction) => {
      await transaction.query(lockMembers, [])
      await transaction.query(lockDocuments, [])
      return work(storesOn(transaction, this.box, locked))
    })
  }
}

type Locking = (transaction: Queryable, id: RepositoryId) => Promise<unknown>

const unlocked: Locking = async () => undefined

/** Nobody pushes into it before the end of the transaction. */
const locked: Locking = (transaction, id) => transaction.query(lockRepositoryById, [id])

function storesOn(transaction: Queryable, box: SecretBox, lock: Locking) {
  const joined = new JoinedTransaction(transaction)
  return {
    repositories: new PostgresRepositoryStore(joined, box),
    users: new PostgresUserAccountStore(joined, keptByTransaction),
    groups: new PostgresGroupStore(joined, keptByTransaction),
    permissionTargets: new PostgresPermissionTargetStore(joined),
    directories: new PostgresOrderedSettingsStore<DirectorySettings>(joined, 'ldap_settings', box),
    directoryGroups: new PostgresOrderedSettingsStore<DirectoryGroupSettings>(
      joined,
      'ldap_group_settings',
      box,
    ),
    proxies: new PostgresProxyStore(joined, box),
    oidcProviders: new PostgresOidcProviderStore(joined, box),
    settings: new PostgresSecuritySettingStore(joined),
    holdsContent: async (id: RepositoryId): Promise<boolean> => {
      await lock(transaction, id)
      const [row] = await transaction.query<{ holds: boolean }>(holdsContent, [id])
      return row?.holds === true
    },
  }
}
