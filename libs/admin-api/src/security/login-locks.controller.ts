import { type LockPolicy, userNameOf } from '@entrepot/identity'
import { Controller, Get, Header, HttpCode, Inject, Param, Post, Put, Res } from '@nestjs/common'
import type { Response } from 'express'
import { type AdminApiPorts, adminApiPorts } from '../admin-api-ports.js'
import { type Caller, CurrentCaller } from '../caller.js'
import { given } from '../http/given.js'
import { parseDto, unknownFieldsIn } from '../http/parse-dto.js'
import { JsonBody, type JsonObject, JsonTexts } from '../json-body.js'
import { Documented } from '../openapi/route-description.js'
import { RequiresAdministrator } from '../permission.js'
import { recordChange } from '../record-change.js'
import { warnOfIgnored } from '../warn-of-ignored.js'
import { loginLocksDocs } from './security.docs.js'
import { LockPolicyDto } from './security.dto.js'

/** Artifactory's lock of users after failed logins. */
@RequiresAdministrator()
@Controller('artifactory/api/security')
export class LoginLocksController {
  constructor(@Inject(adminApiPorts) private readonly ports: AdminApiPorts) {}

  @Documented(loginLocksDocs.get)
  @Get('userLockPolicy')
  get(): { enabled: boolean; loginAttempts: number } {
    const { enabled, loginAttempts } = this.ports.logins.policies.current
    return { enabled, loginAttempts }
  }

  @Documented(loginLocksDocs.put)
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

  @Documented(loginLocksDocs.locked)
  @Get('lockedUsers')
  locked(): Promise<readonly string[]> {
    return this.ports.logins.failures.locked()
  }

  /** 200 as well where nobody is locked by that name, as Artifactory answers: the text says so. */
  @Documented(loginLocksDocs.unlock)
  @Post('unlockUsers/:name')
  @HttpCode(200)
  @Header('Content-Type', 'text/plain')
  async unlock(@Param('name') name: string, @CurrentCaller() caller: Caller): Promise<string> {
    const notLocked = await this.unlockThese(caller, [name])
    return notLocked.length > 0
      ? `No user ${userNameOf(name)} is locked\n`
      : `The user ${userNameOf(name)} was successfully unlocked\n`
  }

  @Documented(loginLocksDocs.unlockSome)
  @Post('unlockUsers')
  @HttpCode(200)
  @Header('Content-Type', 'text/plain')
  async unlockSome(@CurrentCaller() caller: Caller, @JsonTexts() names: readonly string[]): Promise<string> {
    const notLocked = await this.unlockThese(caller, names)
    return notLocked.length > 0
      ? `Users of these names were not locked: ${notLocked.join(', ')}\n`
      : 'Specified users were successfully unlocked\n'
  }

  @Documented(loginLocksDocs.unlockAll)
  @Post('unlockAllUsers')
  @HttpCode(200)
  @Header('Content-Type', 'text/plain')
  async unlockAll(@CurrentCaller() caller: Caller): Promise<string> {
    for (const name of await this.ports.logins.failures.unlockAll()) this.record(caller, name)
    return 'All locked users were successfully unlocked\n'
  }

  /** Who is not locked, but slowed down, goes on at once. @returns the names that were not locked */
  private async unlockThese(caller: Caller, names: readonly string[]): Promise<readonly string[]> {
    const { failures } = this.ports.logins
    const users = names.map(userNameOf)
    const locked = new Set(await failures.locked())
    for (const user of users) if (await failures.unlock(user)) this.record(caller, user)
    return users.filter((user) => !locked.has(user))
  }

  private record(caller: Caller, name: string): void {
    recordChange(this.ports.audit, caller, { action: 'user.unlock', subject: { kind: 'user', name } })
  }
}
