import type { AccessPolicy } from '@entrepot/access'
import type { RepositoryDirectory, StoredRepository } from '@entrepot/repositories'
import type { Caller } from './caller.js'

/** The repositories that a caller may know of: a virtual one when they may read something in one of its members. */
export class VisibleRepositories {
  constructor(
    private readonly repositories: RepositoryDirectory,
    private readonly policy: Pick<AccessPolicy, 'allowsSomewhere'>,
  ) {}

  to(caller: Caller): readonly StoredRepository[] {
    return this.repositories.all().filter((stored) => this.sees(caller, stored, new Set()))
  }

  /** @returns undefined for one that does not exist or that the caller may not know of: nobody may tell the two apart */
  find(caller: Caller, key: string): StoredRepository | undefined {
    const stored = this.repositories.find(key)
    return stored !== undefined && this.sees(caller, stored, new Set()) ? stored : undefined
  }

  /** As `find`, where another replica may have made the repository a moment ago. */
  async findLatest(caller: Caller, key: string): Promise<StoredRepository | undefined> {
    const known = this.find(caller, key)
    if (known !== undefined) return known
    await this.repositories.refresh()
    return this.find(caller, key)
  }

  private sees(caller: Caller, { config }: StoredRepository, seen: Set<string>): boolean {
    if (caller.administrator) return true
    if (caller.scoped) return false
    if (seen.has(config.key)) return false
    seen.add(config.key)
    if (config.rclass !== 'virtual') return this.policy.allowsSomewhere(caller.principal, 'read', config.key)
    return config.repositories.some((key) => {
      const member = this.repositories.find(key)
      return member !== undefined && this.sees(caller, member, seen)
    })
  }
}
