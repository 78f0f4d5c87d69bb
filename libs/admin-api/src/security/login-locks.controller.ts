import { type LockPolicy, userNameOf } from '@entrepot/identity'
import { Controller, Get, Header, HttpCode, Inject, Param, Post, Put, Res } from '@nestjs/common'
import type { Response } from 'express'
import { type AdminApiPorts, adminApiPorts } from '../admin-api-ports.js'
import { type Caller, CurrentCaller } from '../caller.js'
import { IsCount, IsFlag } from '../field-rules.js'
import { given } from '../http/given.js'
import { parseDto, unknownFieldsIn } from '../http/parse-dto.js'
import { JsonBody, type JsonObject, JsonTexts } from '../json-body.js'
import { RequiresAdministrator } from '../permission.js'
import { recordChange } from '../record-change.js'
import { warnOfIgnored } from '../warn-of-ignored.js'

class LockPolicyDto {
  @IsFlag() enabled?: boolean
  @IsCount(1, 1000) loginAttempts?: number
}

/** Artifactory's lock of users after failed logins. */
@RequiresAdministrator()
@Controller('artifactory/api/security')
export class LoginLocksController {
  constructor(@Inject(adminApiPorts) private readonly ports: AdminApiPorts) {}

  @Get('userLockPolicy')
  get(): { enabled: boolean; loginAttempts: number } {
    const { enabled, loginAttempts } = this.ports.logins.policies.current
    return { enabled, loginAttempts }
  }

  @Put('userLockPolicy')
  @Header('Content-Type', 'text/plain')
  async put(
    @CurrentCaller() caller: Caller,
    @JsonBody() body: JsonObject,
    @Res({ passthrough: true }) response: Response,
  ): Promise<string> {
    const { enabled, loginAttempts } = parseDto(LockPolicyDto, body)
    const before = this.get()
    await this.ports.logins.policies.change(given<Partial<LockPolicy>>({ enabled, loginAttempts }))
    const subject = { kind: 'settings', name: 'userLockPolicy' }
    recordChange(this.ports.audit, caller, {
      action: 'settings.update',
      subject,
      before,
      after: this.get(),
    })
    warnOfIgnored(response, unknownFieldsIn(LockPolicyDto, body))
    return 'UserLockPolicy was successfully updated\n'
  }

  @Get('lockedUsers')
  locked(): Promise<readonly string[]> {
    return this.ports.logins.guard.locked()
  }

  /** For a name that is not locked, or nobody's, it is as good as done. */
  @Post('unlockUsers/:name')
  @HttpCode(200)
  @Header('Content-Type', 'text/plain')
  async unlock(@Param('name') name: string, @CurrentCaller() caller: Caller): Promise<string> {
    await this.unlockOne(caller, name)
    return `The user ${userNameOf(name)} was successfully unlocked\n`
  }

  @Post('unlockUsers')
  @HttpCode(200)
  @Header('Content-Type', 'text/plain')
  async unlockSome(@CurrentCaller() caller: Caller, @JsonTexts() names: readonly string[]): Promise<string> {
    for (const name of names) await this.unlockOne(caller, name)
    return 'Specified users were successfully unlocked\n'
  }

  @Post('unlockAllUsers')
  @HttpCode(200)
  @Header('Content-Type', 'text/plain')
  async unlockAll(@CurrentCaller() caller: Caller): Promise<string> {
    for (const name of await this.ports.logins.guard.unlockAll()) this.record(caller, name)
    return 'All locked users were successfully unlocked\n'
  }

  private async unlockOne(caller: Caller, name: string): Promise<void> {
    if (await this.ports.logins.guard.unlock(name)) this.record(caller, userNameOf(name))
  }

  private record(caller: Caller, name: string): void {
    recordChange(this.ports.audit, caller, { action: 'user.unlock', subject: { kind: 'user', name } })
  }
}
