export interface StoredUser {
  readonly name: string
  /** A PHC string; undefined for a user who can't log in with a password of ours. */
  readonly passwordHash: string | undefined
  readonly admin: boolean
  readonly disabled: boolean
}

export interface UserStore {
  find(name: string): Promise<StoredUser | undefined>
  /** Creates or replaces. */
  put(user: StoredUser): Promise<void>
  /** Whether anybody may administer: false only before the first start is done. */
  hasAdministrator(): Promise<boolean>
}
