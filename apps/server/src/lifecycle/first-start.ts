import type { Database } from '@entrepot/database'
import { bootstrapAdministrator, type PasswordHasher, type UserAccountStore } from '@entrepot/identity'
import { isRegistryError, type Logger } from '@entrepot/kernel'
import type { RepositoryDirectory } from '@entrepot/repositories'
import type { Settings } from '../settings/settings.js'
import { defaultRepositories } from './default-repositories.js'
import { StartupError } from './startup-error.js'

/** Any number that nobody else locks in this database: held by the replica that makes the first start. */
const firstStartLock = 4_127_550_319

export interface FirstStartOutcome {
  /** False where there ever was an administrator. */
  readonly isFirst: boolean
  /** To be shown once. */
  readonly generatedPassword: string | undefined
}

/** What is in the database before anybody has used it: the administrator and three repositories. */
export class FirstStart {
  constructor(
    private readonly users: UserAccountStore,
    private readonly hasher: PasswordHasher,
    private readonly repositories: RepositoryDirectory,
    private readonly database: Database,
    private readonly logger: Logger,
  ) {}

  /**
   * Does nothing where there ever was an administrator, and says so in the log when nobody can administer. One replica does it, the others wait and find it done.
   * @throws StartupError when the password that was set is refused
   */
  run(settings: Pick<Settings, 'adminPassword' | 'bootstrap'>): Promise<FirstStartOutcome> {
    return this.database.transaction(async (transaction) => {
      await transaction.query({ text: 'SELECT pg_advisory_xact_lock($1)' }, [firstStartLock])
      if (await this.users.hasHadAdministrator()) {
        await this.warnWithoutAdministrator()
        return { isFirst: false, generatedPassword: undefined }
      }
      if (settings.bootstrap === 'default') await this.createRepositories()
      const administrator = await this.createAdministrator(settings.adminPassword)
      return { isFirst: true, generatedPassword: administrator?.generatedPassword }
    })
  }

  /** A start never brings one back: whoever can write to the database can, by having the first start made again. */
  private async warnWithoutAdministrator(): Promise<void> {
    if (await this.users.hasAdministrator()) return
    this.logger.error(
      {},
      'nobody can administer: the administrators are disabled, or their directory has them no more. To have the first ' +
        "start make admin again: DELETE FROM security_settings WHERE name = 'administered', set ENTREPOT_ADMIN_PASSWORD, start",
    )
  }

  /** Before the administrator, so that a start that was cut off here is done again as a whole. */
  private async createRepositories(): Promise<void> {
    for (const config of defaultRepositories) {
      if (this.repositories.find(config.key) === undefined) await this.repositories.create(config)
    }
  }

  private async createAdministrator(password: string | undefined) {
    try {
      return await bootstrapAdministrator(this.users, this.hasher, password)
    } catch (error) {
      if (isRegistryError(error, 'REQUEST_INVALID')) throw new StartupError(error.message, { cause: error })
      throw error
    }
  }
}
