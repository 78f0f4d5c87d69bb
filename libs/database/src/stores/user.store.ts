import type { StoredUser, UserStore } from '@entrepot/identity'
import type { Database } from '../database.js'
import { UserEntity } from '../entities/user.entity.js'

export class PostgresUserStore implements UserStore {
  constructor(private readonly database: Database) {}

  async find(name: string): Promise<StoredUser | undefined> {
    // PostgreSQL refuses a NUL instead of finding nothing, and the name is whatever somebody typed at a login.
    if (name.includes('\0')) return undefined
    const user = await this.database.entities((manager) => manager.findOneBy(UserEntity, { name }))
    if (user === null) return undefined
    return {
      name: user.name,
      passwordHash: user.passwordHash ?? undefined,
      admin: user.admin,
      disabled: user.disabled,
    }
  }

  async put(user: StoredUser): Promise<void> {
    const row = { ...user, passwordHash: user.passwordHash ?? null }
    await this.database.entities((manager) => manager.upsert(UserEntity, row, ['name']))
  }

  hasAdministrator(): Promise<boolean> {
    return this.database.entities((manager) => manager.existsBy(UserEntity, { admin: true, disabled: false }))
  }
}
