import type { UserKind } from '@entrepot/identity'

/** What an administrator sets of a user, in whatever version of the API. */
export interface UserSettings {
  readonly email?: string
  readonly password?: string
  readonly admin?: boolean
  readonly disabled?: boolean
  readonly profileUpdatable?: boolean
  readonly uiAccessDisabled?: boolean
  readonly internalPasswordDisabled?: boolean
  readonly groups?: readonly string[]
}

export interface NewUserSettings extends UserSettings {
  readonly kind?: UserKind
}

/** What users may change of their own profile. */
export interface OwnProfile {
  readonly email?: string
  readonly password?: string
  /** Needed for a new password. */
  readonly oldPassword?: string
}
