import type { PasswordPolicy } from '@entrepot/identity'
import { RegistryError } from '@entrepot/kernel'
import { Controller, Get, HttpCode, Inject, Patch, Put, Res } from '@nestjs/common'
import type { Response } from 'express'
import { type AdminApiPorts, adminApiPorts } from '../admin-api-ports.js'
import { type Caller, CurrentCaller } from '../caller.js'
import { given } from '../http/given.js'
import { parseDto, refuseCamelCase, unknownFieldsIn } from '../http/parse-dto.js'
import { JsonBody, type JsonObject } from '../json-body.js'
import { Documented } from '../openapi/route-description.js'
import { RequiresAdministrator } from '../permission.js'
import { recordChange } from '../record-change.js'
import { warnOfIgnored } from '../warn-of-ignored.js'
import { PasswordPolicyDto } from './password-policy.dto.js'
import { passwordPolicyDocs } from './security.docs.js'

/** Artifactory's password policy, for passwords that are set from now on. */
@RequiresAdministrator()
@Controller('access/api/v1/config/security/password_policy')
export class PasswordPolicyController {
  constructor(@Inject(adminApiPorts) private readonly ports: AdminApiPorts) {}

  @Documented(passwordPolicyDocs.get)
  @Get()
  get(): object {
    return policyJson(this.ports.accounts.passwordPolicies.current)
  }

  /** What is not given is 0. */
  @Documented(passwordPolicyDocs.put)
  @Put()
  @HttpCode(204)
  put(
    @CurrentCaller() caller: Caller,
    @JsonBody() body: JsonObject,
    @Res({ passthrough: true }) response: Response,
  ): Promise<void> {
    const nothing = { uppercase: 0, lowercase: 0, digit: 0, specialChar: 0, length: 0 }
    return this.change(caller, body, response, nothing)
  }

  /** What is not given stays. */
  @Documented(passwordPolicyDocs.patch)
  @Patch()
  @HttpCode(204)
  patch(
    @CurrentCaller() caller: Caller,
    @JsonBody() body: JsonObject,
    @Res({ passthrough: true }) response: Response,
  ): Promise<void> {
    return this.change(caller, body, response, {})
  }

  private async change(
    caller: Caller,
    body: JsonObject,
    response: Response,
    base: Partial<PasswordPolicy>,
  ): Promise<void> {
    refuseCamelCase(PasswordPolicyDto, body)
    const { special_char: specialChar, ...counts } = parseDto(PasswordPolicyDto, body)
    const change = given<Partial<PasswordPolicy>>({ ...counts, specialChar })
    if (Object.keys(change).length === 0) {
      throw new RegistryError(
        'REQUEST_INVALID',
        'nothing is given, expected one of uppercase, lowercase, digit, special_char, length',
      )
    }
    const before = this.get()
    await this.ports.accounts.passwordPolicies.change({ ...base, ...change })
    const subject = { kind: 'settings', name: 'passwordPolicy' }
    recordChange(this.ports.audit, caller, {
      action: 'settings.update',
      subject,
      before,
      after: this.get(),
    })
    warnOfIgnored(response, unknownFieldsIn(PasswordPolicyDto, body))
  }
}

export function policyJson({ specialChar, ...counts }: PasswordPolicy): object {
  return { ...counts, special_char: specialChar }
}
