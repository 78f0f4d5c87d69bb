import { IsEmailAddress, IsFlag, IsOneOf, IsSecretText, IsText, IsTextList } from '../field-rules.js'
import { given } from '../http/given.js'
import type { NewUserSettings } from './user-settings.js'

/** The user of `/access/api/v2/users`; `status`, `kind` and `old_password` are ours. */
export class UserV2Dto {
  @IsText() username?: string
  @IsEmailAddress() email?: string
  @IsSecretText() password?: string
  @IsSecretText() old_password?: string
  @IsFlag() admin?: boolean
  @IsFlag() profile_updatable?: boolean
  @IsFlag() disable_ui_access?: boolean
  @IsFlag() internal_password_disabled?: boolean
  @IsTextList() groups?: string[]
  @IsOneOf(['enabled', 'disabled']) status?: 'enabled' | 'disabled'
  @IsOneOf(['person', 'robot']) kind?: 'person' | 'robot'
}

export class MembershipChangeDto {
  @IsTextList() add?: string[]
  @IsTextList() remove?: string[]
}

export class PasswordDto {
  @IsSecretText() password?: string
  @IsSecretText() old_password?: string
}

export function settingsOfV2(dto: UserV2Dto): NewUserSettings {
  return given<NewUserSettings>({
    email: dto.email,
    password: dto.password,
    admin: dto.admin,
    disabled: dto.status === undefined ? undefined : dto.status === 'disabled',
    profileUpdatable: dto.profile_updatable,
    uiAccessDisabled: dto.disable_ui_access,
    internalPasswordDisabled: dto.internal_password_disabled,
    groups: dto.groups,
    kind: dto.kind,
  })
}
