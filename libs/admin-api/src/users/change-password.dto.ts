import { IsSecretText, IsText } from '../field-rules.js'

export class ChangePasswordDto {
  @IsText() userName?: string
  @IsSecretText() oldPassword?: string
  @IsSecretText() newPassword1?: string
  @IsSecretText() newPassword2?: string
}
