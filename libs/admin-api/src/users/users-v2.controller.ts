import { userNameOf } from '@entrepot/identity'
import { RegistryError } from '@entrepot/kernel'
import {
  Controller,
  Delete,
  Get,
  HttpCode,
  Inject,
  Param,
  Patch,
  Post,
  Put,
  Query,
  Req,
  Res,
} from '@nestjs/common'
import type { Request, Response } from 'express'
import { type AdminApiPorts, adminApiPorts } from '../admin-api-ports.js'
import { type Caller, CurrentCaller } from '../caller.js'
import { baseUrlOf } from '../http/base-url.js'
import { cursorPage, nextCursor } from '../http/cursor-page.js'
import { parseDto, unknownFieldsIn } from '../http/parse-dto.js'
import { JsonBody, type JsonObject } from '../json-body.js'
import { Documented } from '../openapi/route-description.js'
import { RequiresAdministrator, RequiresUser } from '../permission.js'
import { warnOfIgnored } from '../warn-of-ignored.js'
import { withFixedKind } from './fixed-kind.js'
import { ownProfileOf } from './own-profile.js'
import { UserAdministration } from './user-administration.js'
import { groupsOf, statusOf, userV2Json } from './user-json.js'
import { MembershipChangeDto, PasswordDto, settingsOfV2, UserV2Dto } from './user-v2.dto.js'
import { usersV2Docs } from './users.docs.js'

const ownFields: ReadonlySet<string> = new Set(['username', 'email', 'password', 'old_password'])

/** The users of the Access service, as clients of Artifactory from 7.84 on use them. */
@RequiresAdministrator()
@Controller('access/api/v2/users')
export class UsersV2Controller {
  constructor(
    @Inject(adminApiPorts) private readonly ports: AdminApiPorts,
    @Inject(UserAdministration) private readonly users: UserAdministration,
  ) {}

  @Documented(usersV2Docs.list)
  @Get()
  async list(@Query() query: Record<string, unknown>, @Req() request: Request): Promise<object> {
    const { items, more } = await this.ports.accounts.users.list(cursorPage(query))
    const base = `${baseUrlOf(request, this.ports.publicUrl)}/access/api/v2/users`
    const users = items.map((account) => ({
      username: account.name,
      uri: `${base}/${encodeURIComponent(account.name)}`,
      realm: account.realm,
      status: statusOf(account),
    }))
    return { users, ...nextCursor(more, items.at(-1)?.name) }
  }

  @Documented(usersV2Docs.create)
  @Post()
  @HttpCode(201)
  async create(
    @CurrentCaller() caller: Caller,
    @JsonBody() body: JsonObject,
    @Res({ passthrough: true }) response: Response,
  ): Promise<object> {
    const dto = parseDto(UserV2Dto, body)
    if (dto.username === undefined) throw new RegistryError('REQUEST_INVALID', 'username is missing')
    const account = await this.users.create(caller, dto.username, settingsOfV2(dto))
    warnOfIgnored(response, unknownFieldsIn(UserV2Dto, body))
    return userV2Json(account)
  }

  @Documented(usersV2Docs.get)
  @RequiresUser()
  @Get(':name')
  async get(@Param('name') name: string, @CurrentCaller() caller: Caller): Promise<object> {
    return userV2Json(await this.users.visible(caller, name))
  }

  @Documented(usersV2Docs.update)
  @RequiresUser()
  @Patch(':name')
  async update(
    @Param('name') name: string,
    @CurrentCaller() caller: Caller,
    @JsonBody() body: JsonObject,
    @Res({ passthrough: true }) response: Response,
  ): Promise<object> {
    const dto = parseDto(UserV2Dto, body)
    const current = await this.users.visible(caller, name)
    if (dto.username !== undefined && userNameOf(dto.username) !== current.name) {
      throw new RegistryError(
        'REQUEST_INVALID',
        'username differs from the name in the URL, and can not change',
      )
    }
    const account = caller.administrator
      ? await this.users.change(caller, name, withFixedKind(settingsOfV2(dto), current.kind))
      : await this.users.changeOwn(
          caller,
          ownProfileOf(dto, { ...profileOf(dto), email: dto.email }, ownFields),
        )
    warnOfIgnored(response, unknownFieldsIn(UserV2Dto, body))
    return userV2Json(account)
  }

  @Documented(usersV2Docs.delete)
  @Delete(':name')
  @HttpCode(204)
  async delete(@Param('name') name: string, @CurrentCaller() caller: Caller): Promise<void> {
    await this.users.remove(caller, name)
  }

  @Documented(usersV2Docs.changeGroups)
  @Patch(':name/groups')
  async changeGroups(
    @Param('name') name: string,
    @CurrentCaller() caller: Caller,
    @JsonBody() body: JsonObject,
    @Res({ passthrough: true }) response: Response,
  ): Promise<object> {
    const { add = [], remove = [] } = parseDto(MembershipChangeDto, body)
    const account = await this.users.changeGroups(caller, name, { add, remove })
    warnOfIgnored(response, unknownFieldsIn(MembershipChangeDto, body))
    return { groups: groupsOf(account) }
  }

  @Documented(usersV2Docs.setPassword)
  @RequiresUser()
  @Put(':name/password')
  @HttpCode(204)
  setPassword(
    @Param('name') name: string,
    @CurrentCaller() caller: Caller,
    @JsonBody() body: JsonObject,
    @Res({ passthrough: true }) response: Response,
  ): Promise<void> {
    return this.changePassword(name, caller, body, response)
  }

  @Documented(usersV2Docs.changePassword)
  @RequiresUser()
  @Post(':name/password')
  @HttpCode(204)
  async changePassword(
    @Param('name') name: string,
    @CurrentCaller() caller: Caller,
    @JsonBody() body: JsonObject,
    @Res({ passthrough: true }) response: Response,
  ): Promise<void> {
    const dto = parseDto(PasswordDto, body)
    const { name: username } = await this.users.visible(caller, name)
    if (dto.password === undefined) throw new RegistryError('REQUEST_INVALID', 'password is missing')
    if (caller.administrator) await this.users.change(caller, username, { password: dto.password })
    else await this.users.changeOwn(caller, ownProfileOf(dto, profileOf(dto), ownFields))
    warnOfIgnored(response, unknownFieldsIn(PasswordDto, body))
  }
}

function profileOf({ password, old_password: oldPassword }: PasswordDto) {
  return { password, oldPassword }
}
