import { type Broadcast, Replicated } from '@entrepot/coordination'
import { type Logger, RegistryError, Turns } from '@entrepot/kernel'
import type { LockPolicyStore } from './lock-policies.js'
import { defaultPasswordPolicy, type PasswordPolicy, policyRefusalOf } from './password-policy.js'
import { PasswordRule } from './password-rule.js'

/** Its name among the settings. */
export const passwordPolicySetting = 'passwordPolicy'

/** Of changes that come at one time each but the first begins anew, with what the one before has made. */
const maximumTries = 10

interface Loaded {
  readonly policy: PasswordPolicy
  readonly revision: number
}

/** Which passwords may be set: the rule that holds everywhere, and what administrators ask for besides. */
export class PasswordPolicies {
  readonly #rule = new PasswordRule()
  readonly #turns = new Turns()
  readonly #replicated: Replicated<Loaded>

  constructor(
    private readonly store: LockPolicyStore,
    broadcast: Broadcast,
    logger: Logger,
  ) {
    const initial = { policy: defaultPasswordPolicy, revision: 0 }
    const load = async (current: Loaded): Promise<Loaded> => {
      const stored = await store.find(passwordPolicySetting)
      if (stored === undefined || stored.revision === current.revision) return current
      return { policy: passwordPolicyOf(stored.value), revision: stored.revision }
    }
    this.#replicated = new Replicated<Loaded>({ name: 'password_policy', initial, load }, broadcast, logger)
  }

  get current(): PasswordPolicy {
    return this.#replicated.current.policy
  }

  /** After a change that was stored by others than this class, such as a transaction over several stores. */
  takeOver(): Promise<void> {
    return this.#replicated.changed(passwordPolicySetting)
  }

  start(): Promise<void> {
    return this.#replicated.start()
  }

  stop(): void {
    this.#replicated.stop()
  }

  /** @returns why the password is refused, without the password in it; undefined when it is fine */
  refusalOf(username: string, password: string): string | undefined {
    return this.#rule.refusalOf(username, password) ?? policyRefusalOf(this.current, password)
  }

  /**
   * What is absent stays. Passwords that were set before stay good.
   * @throws RegistryError CONFLICT when others change it all the time
   */
  change(change: Partial<PasswordPolicy>): Promise<PasswordPolicy> {
    return this.#turns.take(passwordPolicySetting, () => this.changeInTurn(change))
  }

  private async changeInTurn(change: Partial<PasswordPolicy>): Promise<PasswordPolicy> {
    for (let tries = 0; tries < maximumTries; tries += 1) {
      await this.#replicated.reload()
      const { policy, revision } = this.#replicated.current
      if (!(await this.store.replace(passwordPolicySetting, { ...policy, ...change }, revision))) continue
      await this.#replicated.changed(passwordPolicySetting)
      return this.current
    }
    throw new RegistryError(
      'CONFLICT',
      'the password policy is being changed by others: try again in a moment',
    )
  }
}

/** What a document of an earlier version lacks is as in the defaults. */
export function passwordPolicyOf(value: Readonly<Record<string, unknown>>): PasswordPolicy {
  return { ...defaultPasswordPolicy, ...value }
}
