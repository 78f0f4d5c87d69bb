import { type AuditTrail, isRegistryError, type RequestOrigin } from '@entrepot/kernel'
import type { AccountPorts } from '../admin-api-ports.js'
import type { JsonObject } from '../json-body.js'
import { type ConfigurationDocument, parseConfigurationDocument } from './configuration-document.js'
import {
  type ConfigurationFollower,
  type ConfigurationState,
  type ConfigurationStores,
  type ConfigurationTransactions,
  loadState,
} from './configuration-stores.js'
import type { ConfigurationDifference } from './difference.js'
import { exportedConfiguration } from './export-configuration.js'
import { PasswordWork } from './password-work.js'
import { carryOut, planConfiguration } from './plan-configuration.js'
import type { Plan, PlannedChange } from './planned-change.js'
import { Problems } from './problems.js'
import { SecretReader } from './secret-reader.js'
import type { SecretSource } from './secret-source.js'

/** Whose doing a change is. */
export interface Author {
  readonly actor: string
  readonly realm: string | undefined
  readonly origin: RequestOrigin
}

/** A change beside is seen when something was read before it: it is read again, so often. */
const maximumAttempts = 5

/** What users' passwords and logins go through. */
export type ConfigurationAccounts = Pick<AccountPorts, 'hasher' | 'principals' | 'refreshTokens'> & {
  readonly passwordPolicies: Pick<AccountPorts['passwordPolicies'], 'refusalOf'>
}

/** All that is administered, as one document. */
export class ConfigurationAdministration {
  constructor(
    private readonly transactions: ConfigurationTransactions,
    private readonly accounts: ConfigurationAccounts,
    private readonly followers: readonly ConfigurationFollower[],
    private readonly audit: AuditTrail,
  ) {}

  /** All of it, without secrets. */
  export(): Promise<JsonObject> {
    return this.transactions.snapshot(async (stores) => exportedConfiguration(await loadState(stores)))
  }

  /**
   * What `apply` would do now; nothing is changed.
   * @throws RegistryError REQUEST_INVALID with everything that is wrong with the document
   */
  diff(content: JsonObject, source: SecretSource): Promise<ConfigurationDifference> {
    return this.runOf(content, source).plan()
  }

  /**
   * Makes everything as the document says, or nothing; what is so already is not touched.
   * @throws RegistryError REQUEST_INVALID as `diff`; CONFLICT when others change the same things all the time, when nobody
   *   could administer after it, or when a repository that goes is still used
   */
  async apply(content: JsonObject, source: SecretSource, author: Author): Promise<ConfigurationDifference> {
    const run = this.runOf(content, source)
    const expected = await run.plan()
    if (expected.changes.length === 0) return expected
    await run.hash(expected)
    const done = await this.repeating(() => run.carryOut())
    for (const change of done.changes) this.record(author, change)
    for (const name of done.touchedUsers) this.accounts.principals.forget(name)
    for (const follower of this.followers) await follower.takeOver()
    for (const name of done.endedLogins) await this.accounts.refreshTokens.revokeAllOf(name)
    return done
  }

  private runOf(content: JsonObject, source: SecretSource): Run {
    const problems = new Problems()
    const document = parseConfigurationDocument(content, problems)
    const passwords = new PasswordWork(this.accounts.hasher, this.accounts.passwordPolicies)
    return new Run(this.transactions, document, problems, new SecretReader(source), passwords)
  }

  private async repeating<T>(work: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await work()
      } catch (error) {
        if (!isRegistryError(error, 'CONFLICT', 'NAME_UNKNOWN') || attempt === maximumAttempts) throw error
      }
    }
  }

  private record(author: Author, { action, subject, before, after, secrets }: PlannedChange): void {
    const changed = Object.fromEntries(secrets.map((field) => [field, 'changed']))
    const shown = after && { ...after, ...changed }
    this.audit.record({ ...author, action, outcome: 'ok', subject, before, after: shown })
  }
}

/** One request's work: what it has read and hashed once, it knows when it begins anew. */
class Run {
  constructor(
    private readonly transactions: ConfigurationTransactions,
    private readonly document: ConfigurationDocument,
    private readonly problems: Problems,
    private readonly secrets: SecretReader,
    private readonly passwords: PasswordWork,
  ) {}

  /** Passwords are compared when nothing in the database waits for it. */
  async plan(): Promise<Plan> {
    return this.plannedOn(await this.transactions.snapshot(loadState), {
      holdsContent: (id) => this.transactions.snapshot((stores) => stores.holdsContent(id)),
    })
  }

  /** What takes long, before others have to wait. */
  async hash({ newPasswords }: Plan): Promise<void> {
    for (const { user, password } of newPasswords) await this.passwords.hash(user, password)
  }

  /** By what is stored now, not by what was when the plan was made. */
  carryOut(): Promise<Plan> {
    return this.transactions.transaction(async (stores) => {
      const plan = await this.plannedOn(await loadState(stores), stores)
      await carryOut(plan, stores)
      return plan
    })
  }

  private plannedOn(
    state: ConfigurationState,
    stores: Pick<ConfigurationStores, 'holdsContent'>,
  ): Promise<Plan> {
    const { document, problems, secrets, passwords } = this
    return planConfiguration({ document, state, stores, secrets, passwords }, problems)
  }
}
