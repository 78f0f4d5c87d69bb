import { type Broadcast, Replicated } from '@entrepot/coordination'
import { type Logger, RegistryError } from '@entrepot/kernel'
import { defaultLockPolicy, type LockPolicy } from './lock-policy.js'

const settingName = 'lockPolicy'

interface StoredPolicy {
  readonly value: Readonly<Record<string, unknown>>
  readonly revision: number
}

/** Where the policy is kept: one document of several. */
export interface LockPolicyStore {
  find(name: string): Promise<StoredPolicy | undefined>
  put(name: string, value: StoredPolicy['value']): Promise<StoredPolicy>
}

interface Loaded {
  readonly policy: LockPolicy
  readonly revision: number
}

const maximumLoginAttempts = 1000

/** The lock policy, kept in memory on every replica. */
export class LockPolicies {
  readonly #replicated: Replicated<Loaded>

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
          const stored = await store.find(settingName)
          if (stored === undefined || stored.revision === current.revision) return current
          return { policy: policyOf(stored.value), revision: stored.revision }
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

  /** @throws RegistryError REQUEST_INVALID when a number makes no sense */
  async change(change: Partial<LockPolicy>): Promise<LockPolicy> {
    await this.#replicated.reload()
    const policy = { ...this.current, ...change }
    refuseNonsense(policy)
    await this.store.put(settingName, { ...policy })
    await this.#replicated.changed(settingName)
    return this.current
  }
}

/** What a document of an earlier version lacks is as in the defaults. */
function policyOf(value: StoredPolicy['value']): LockPolicy {
  const { user, address, ...rest } = value as Partial<LockPolicy>
  return {
    ...defaultLockPolicy,
    ...rest,
    user: { ...defaultLockPolicy.user, ...user },
    address: { ...defaultLockPolicy.address, ...address },
  }
}

function refuseNonsense({ loginAttempts, user, address }: LockPolicy): void {
  if (!Number.isSafeInteger(loginAttempts) || loginAttempts < 1 || loginAttempts > maximumLoginAttempts) {
    throw invalid(`loginAttempts is ${loginAttempts}, expected 1 to ${maximumLoginAttempts}`)
  }
  for (const [name, slowDown] of Object.entries({ user, address })) {
    const wrong = Object.entries(slowDown).find(([, value]) => !Number.isSafeInteger(value) || value < 1)
    if (wrong !== undefined) throw invalid(`${name}.${wrong[0]} is ${wrong[1]}, expected a positive integer`)
  }
}

function invalid(what: string): RegistryError {
  return new RegistryError('REQUEST_INVALID', `the lock policy is refused: ${what}`)
}
