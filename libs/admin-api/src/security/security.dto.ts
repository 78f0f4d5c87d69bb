import { IsCount, IsFlag } from '../field-rules.js'

/** The switch for access without login. */
export class AnonymousDto {
  @IsFlag() enabled?: boolean
}

/** Artifactory's lock of users after failed logins. */
export class LockPolicyDto {
  @IsFlag() enabled?: boolean
  /** 0 only where nobody is locked. */
  @IsCount(0, 1000) loginAttempts?: number
}
