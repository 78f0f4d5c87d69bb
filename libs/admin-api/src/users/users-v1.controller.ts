import { userNameOf } from '@entrepot/identity'
import { RegistryError } from '@entrepot/kernel'
import { Controller, Delete, Get, Header, HttpCode, Inject, Param, Post, Put, Req, Res } from '@nestjs/common'
import type { Request, Response } from 'express'
import { type AdminApiPorts, adminApiPorts } from '../admin-api-ports.js'
import { type Caller, CurrentCaller } from '../caller.js'
import { allPages } from '../http/all-pages.js'
import { baseUrlOf } from '../http/base-url.js'
import { createOrChange } from '../http/create-or-change.js'
import { parseDto, unknownFieldsIn } from '../http/parse-dto.js'
import { JsonBody, type JsonObject } from '../json-body.js'
import { Documented } from '../openapi/route-description.js'
import { RequiresAdministrator, RequiresUser } from '../permission.js'
import { warnOfIgnored } from '../warn-of-ignored.js'
import { ChangePasswordDto } from './change-password.dto.js'
import { withFixedKind } from './fixed-kind.js'
import { ownProfileOf } from './own-profile.js'
import { UserAdministration } from './user-administration.js'
import { statusOf, userV1Json } from './user-json.js'
import { settingsOfV1, UserV1Dto } from './user-v1.dto.js'
import { usersV1Docs } from './users.docs.js'

const ownFields: ReadonlySet<string> = new Set(['name', 'email', 'password', 'oldPassword'])

/** Artifactory's security entities of type user, as its clients older than 7.84 use them. */
@RequiresAdministrator()
@Controller('artifactory/api/security/users')
export class UsersV1Controller {
  constructor(
    @Inject(adminApiPorts) private readonly ports: AdminApiPorts,
    @Inject(UserAdministration) private readonly users: UserAdministration,
  ) {}

  @Documented(usersV1Docs.list)
  @Get()
  async list(@Req() request: Request): Promise<readonly object[]> {
    const base = `${baseUrlOf(request, this.ports.publicUrl)}/artifactory/api/security/users`
    const { users } = this.ports.accounts
    const entries: object[] = []
    for await (const account of allPages((page) => users.list(page))) {
      const uri = `${base}/${encodeURIComponent(account.name)}`
      entries.push({ name: account.name, uri, realm: account.realm, status: statusOf(account) })
    }
    return entries
  }

  @Documented(usersV1Docs.get)
  @RequiresUser()
  @Get(':name')
  async get(@Param('name') name: string, @CurrentCaller() caller: Caller): Promise<object> {
    return userV1Json(await this.users.visible(caller, name))
  }

  /** Creates, or changes what the body names. */
  @Documented(usersV1Docs.put)
  @Put(':name')
  @HttpCode(201)
  async put(
    @Param('name') name: string,
    @CurrentCaller() caller: Caller,
    @JsonBody() body: JsonObject,
    @Res({ passthrough: true }) response: Response,
  ): Promise<void> {
    const settings = settingsOfV1(parsed(name, body))
    await createOrChange(
      () => this.users.find(name),
      () => this.users.create(caller, name, settings),
      ({ kind }) => this.users.change(caller, name, withFixedKind(settings, kind)),
    )
    warnOfIgnored(response, unknownFieldsIn(UserV1Dto, body))
  }

  @Documented(usersV1Docs.update)
  @RequiresUser()
  @Post(':name')
  @HttpCode(200)
  async update(
    @Param('name') name: string,
    @CurrentCaller() caller: Caller,
    @JsonBody() body: JsonObject,
    @Res({ passthrough: true }) response: Response,
  ): Promise<void> {
    const dto = parsed(name, body)
    const current = await this.users.visible(caller, name)
    if (caller.administrator) {
      await this.users.change(caller, name, withFixedKind(settingsOfV1(dto), current.kind))
    } else {
      await this.users.changeOwn(caller, ownProfileOf(dto, dto, ownFields))
    }
    warnOfIgnored(response, unknownFieldsIn(UserV1Dto, body))
  }

  @Documented(usersV1Docs.delete)
  @Delete(':name')
  @HttpCode(200)
  @Header('Content-Type', 'text/plain')
  async delete(@Param('name') name: string, @CurrentCaller() caller: Caller): Promise<string> {
    await this.users.remove(caller, name)
    return `The user: '${userNameOf(name)}' has been removed successfully.\n`
  }

  /** By the users themselves, who prove that they know the old one. */
  @Documented(usersV1Docs.changePassword)
  @RequiresUser()
  @Post('authorization/changePassword')
  @HttpCode(200)
  @Header('Content-Type', 'text/plain')
  async changePassword(
    @CurrentCaller() caller: Caller,
    @JsonBody() body: JsonObject,
    @Res({ passthrough: true }) response: Response,
  ): Promise<string> {
    const { userName, oldPassword, newPassword1, newPassword2 } = parseDto(ChangePasswordDto, body)
    if (userName !== undefined && userNameOf(userName) !== caller.principal.name) {
      throw new RegistryError('DENIED', 'only your own password can be changed here')
    }
    if (newPassword1 === undefined) throw new RegistryError('REQUEST_INVALID', 'newPassword1 is missing')
    if (newPassword1 !== newPassword2) {
      throw new RegistryError('REQUEST_INVALID', 'newPassword1 and newPassword2 differ')
    }
    await this.users.changeOwn(caller, {
      password: newPassword1,
      ...(oldPassword === undefined ? {} : { oldPassword }),
    })
    warnOfIgnored(response, unknownFieldsIn(ChangePasswordDto, body))
    return 'Password has been successfully changed'
  }
}

function parsed(name: string, body: JsonObject): UserV1Dto {
  const dto = parseDto(UserV1Dto, body)
  if (dto.name !== undefined && userNameOf(dto.name) !== userNameOf(name)) {
    const shown = [dto.name, name].map((text) => JSON.stringify(text.slice(0, 100)))
    throw new RegistryError('REQUEST_INVALID', `name is ${shown[0]}, expected ${shown[1]} as in the URL`)
  }
  return dto
}
