export type LdapStep = 'connect' | 'tls' | 'manager bind' | 'search' | 'user bind' | 'groups'

/** A directory's server could not be asked, or gave no usable answer. Its message holds no secret. */
export class LdapFailure extends Error {
  override readonly name = 'LdapFailure'

  constructor(
    readonly step: LdapStep,
    message: string,
    /** LDAP's result code (RFC 4511 appendix A), where the server gave one. */
    readonly resultCode?: number,
  ) {
    super(message)
  }
}

/** Whatever was asked: the server can't be reached, or lets the manager not in. */
export class ServerOutOfReach extends LdapFailure {
  static async unless<T>(reached: Promise<T>): Promise<T> {
    try {
      return await reached
    } catch (error) {
      if (!(error instanceof LdapFailure)) throw error
      throw new ServerOutOfReach(error.step, error.message, error.resultCode)
    }
  }
}

export const resultCodes = {
  sizeLimitExceeded: 4,
  noSuchObject: 32,
  inappropriateAuthentication: 48,
  invalidCredentials: 49,
  constraintViolation: 19,
  unwillingToPerform: 53,
} as const
