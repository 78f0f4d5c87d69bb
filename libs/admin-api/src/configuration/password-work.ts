import type { PasswordHasher, PasswordPolicies } from '@entrepot/identity'

/** Compares and hashes passwords, which takes long: each once, so that nothing is left to do while others wait. */
export class PasswordWork {
  readonly #same = new Map<string, Promise<boolean>>()
  readonly #hashes = new Map<string, Promise<string>>()

  constructor(
    private readonly hasher: PasswordHasher,
    private readonly policies: Pick<PasswordPolicies, 'refusalOf'>,
  ) {}

  /** As `PasswordPolicies` has it. */
  refusalOf(user: string, password: string): string | undefined {
    return this.policies.refusalOf(user, password)
  }

  isSame(hash: string, password: string): Promise<boolean> {
    return remembered(this.#same, JSON.stringify([hash, password]), () => this.hasher.verify(hash, password))
  }

  hash(user: string, password: string): Promise<string> {
    return remembered(this.#hashes, JSON.stringify([user, password]), () => this.hasher.hash(password))
  }
}

function remembered<T>(known: Map<string, Promise<T>>, key: string, make: () => Promise<T>): Promise<T> {
  const before = known.get(key)
  if (before !== undefined) return before
  const made = make()
  known.set(key, made)
  return made
}
