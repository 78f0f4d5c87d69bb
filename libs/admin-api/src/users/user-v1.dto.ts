import { IsEmailAddress, IsFlag, IsOneOf, IsSecretText, IsText, IsTextList } from '../field-rules.js'
import { given } from '../http/given.js'
import type { NewUserSettings } from './user-settings.js'

/** Artifactory's "user" security entity of `/api/security/users`; `status` and `kind` are ours. */
export class UserV1Dto {
  @IsText() name?: string
  @IsEmailAddress() email?: string
  @IsSecretText() password?: string
  @IsSecretText() oldPassword?: string
  @IsFlag() admin?: boolean
  @IsFlag() profileUpdatable?: boolean
  @IsFlag() disableUIAccess?: boolean
  @IsFlag() internalPasswordDisabled?: boolean
  @IsTextList() groups?: string[]
  @IsOneOf(['enabled', 'disabled']) status?: 'enabled' | 'disabled'
  @IsOneOf(['person', 'robot']) kind?: 'person' | 'robot'
}

export function settingsOfV1(dto: UserV1Dto): NewUserSettings {
  return given<NewUserSettings>({
    email: dto.email,
    password: dto.password,
    admin: dto.admin,
    disabled: dto.status === undefined ? undefined : dto.status === 'disabled',
    profileUpdatable: dto.profileUpdatable,
    uiAccessDisabled: dto.disableUIAccess,
    internalPasswordDisabled: dto.internalPasswordDisabled,
    groups: dto.groups,
    kind: dto.kind,
  })
}
