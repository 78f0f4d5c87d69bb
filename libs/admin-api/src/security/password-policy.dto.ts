import { IsCount } from '../field-rules.js'

const maximumCount = 100

/** Artifactory's password policy. */
export class PasswordPolicyDto {
  @IsCount(0, maximumCount) uppercase?: number
  @IsCount(0, maximumCount) lowercase?: number
  @IsCount(0, maximumCount) digit?: number
  @IsCount(0, maximumCount) special_char?: number
  @IsCount(0, 1024) length?: number
}
