import { type Broadcast, Replicated } from '@entrepot/coordination'
import { type Logger, RegistryError, Turns } from '@entrepot/kernel'
import { defaultLockPolicy, type LockPolicy } from './lock-policy.js'

/** Its name among the settings. */
export const lockPolicySetting = 'lockPolicy'

interface StoredPolicy {
  readonly value: Readonly<Record<string, unknown>>
  readonly revision: number
}

/** Where the policy is kept: one document of several. */
export interface LockPolicyStore {
  find(name: string): Promise<StoredPolicy | undefined>
  /**
   * Writes the document in place of the one of `revision`, which is 0 for none.
   * @returns false when it has changed meanwhile
   */
  replace(name: string, value: StoredPolicy['value'], revision: number): Promise<boolean>
}

interface Loaded {
  readonly policy: LockPolicy
  readonly revision: number
}

const maximumLoginAttempts = 1000

/** So many failures that nobody ever waits. */
const maximumFrom = 1_000_000

const maximumMilliseconds = 366 * 24 * 60 * 60_000

/** Those of this replica take turns: what comes between is what other replicas change. */
const maximumTries = 20

/** The lock policy, kept in memory on every replica. */
export class LockPolicies {
  readonly #replicated: Replicated<Loaded>
  readonly #turns = new Turns()

  constructor(
    private readonly store: LockPolicyStore,
    broadcast: Broadcast,
    logger: Logger,
  ) {
    this.#replicated = new Replicated<Loaded>(
      {
        name: 'lock_policy',
        initial: { policy: defaultLockPolicy, revision: 0 },
        load: async (current) => {
          const stored = await store.find(lockPolicySetting)
          if (stored === undefined || stored.revision === current.revision) return current
          return { policy: lockPolicyOf(stored.value), revision: stored.revision }
        },
      },
      broadcast,
      logger,
    )
  }

  get current(): LockPolicy {
    return this.#replicated.current.policy
  }

  start(): Promise<void> {
    return this.#replicated.start()
  }

  stop(): void {
    this.#replicated.stop()
  }

  /** After a change that was stored by others than this class, such as a transaction over several stores. */
  takeOver(): Promise<void> {
    return this.#replicated.changed(lockPolicySetting)
  }

  /**
   * What is absent stays, as others may have changed it at the same time.
   * @throws RegistryError REQUEST_INVALID when a number makes no sense, CONFLICT when others change it all the time
   */
  change(change: Partial<LockPolicy>): Promise<LockPolicy> {
    return this.#turns.take(lockPolicySetting, () => this.changeInTurn(change))
  }

  private async changeInTurn(change: Partial<LockPolicy>): Promise<LockPolicy> {
    for (let tries = 0; tries < maximumTries; tries += 1) {
      await this.#replicated.reload()
      const { policy: current, revision } = this.#replicated.current
      const policy = { ...current, ...change }
      checkLockPolicy(policy)
      if (!(await this.store.replace(lockPolicySetting, { ...policy }, revision))) continue
      await this.#replicated.changed(lockPolicySetting)
      return this.current
    }
    throw new RegistryError('CONFLICT', 'the lock policy is being changed by others: try again in a moment')
  }
}

/** What a document of an earlier version lacks is as in the defaults. */
export function lockPolicyOf(value: StoredPolicy['value']): LockPolicy {
  const { user, address, ...rest } = value as Partial<LockPolicy>
  return {
    ...defaultLockPolicy,
    ...rest,
    user: { ...defaultLockPolicy.user, ...user },
    address: { ...defaultLockPolicy.address, ...address },
  }
}

/** @throws RegistryError REQUEST_INVALID when a number makes no sense */
export function checkLockPolicy({ enabled, loginAttempts, user, address }: LockPolicy): void {
  // Where nobody is locked, 0 is how Artifactory's clients write that there is no policy.
  const minimum = enabled ? 1 : 0
  if (
    !Number.isSafeInteger(loginAttempts) ||
    loginAttempts < minimum ||
    loginAttempts > maximumLoginAttempts
  ) {
    throw invalid(
      `loginAttempts is ${loginAttempts}, expected ${minimum} to ${maximumLoginAttempts} while it is ` +
        (enabled ? 'enabled' : 'disabled'),
    )
  }
  for (const [name, slowDown] of Object.entries({ user, address })) {
    for (const [field, value] of Object.entries(slowDown)) {
      const maximum = field === 'from' ? maximumFrom : maximumMilliseconds
      if (Number.isSafeInteger(value) && value >= 1 && value <= maximum) continue
      throw invalid(`${name}.${field} is ${value}, expected an integer from 1 to ${maximum}`)
    }
  }
}

function invalid(what: string): RegistryError {
  return new RegistryError('REQUEST_INVALID', `the lock policy is refused: ${what}`)
}
