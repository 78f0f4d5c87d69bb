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
import { requireUnchanged } from '../http/require-unchanged.js'
import { JsonBody, type JsonObject } from '../json-body.js'
import { Documented } from '../openapi/route-description.js'
import { RequiresAdministrator } from '../permission.js'
import { MembershipChangeDto } from '../users/user-v2.dto.js'
import { warnOfIgnored } from '../warn-of-ignored.js'
import { GroupAdministration } from './group-administration.js'
import { groupV2Json } from './group-json.js'
import { groupSettingsOfV2, GroupV2Dto } from './group.dto.js'
import { groupsV2Docs } from './groups.docs.js'

/** The groups of the Access service. */
@RequiresAdministrator()
@Controller('access/api/v2/groups')
export class GroupsV2Controller {
  constructor(
    @Inject(adminApiPorts) private readonly ports: AdminApiPorts,
    @Inject(GroupAdministration) private readonly groups: GroupAdministration,
  ) {}

  @Documented(groupsV2Docs.list)
  @Get()
  async list(@Query() query: Record<string, unknown>, @Req() request: Request): Promise<object> {
    const { items, more } = await this.ports.accounts.groups.list(cursorPage(query))
    const base = `${baseUrlOf(request, this.ports.publicUrl)}/access/api/v2/groups`
    const groups = items.map(({ name }) => ({
      group_name: name,
      uri: `${base}/${encodeURIComponent(name)}`,
    }))
    return { groups, ...nextCursor(more, items.at(-1)?.name) }
  }

  @Documented(groupsV2Docs.create)
  @Post()
  @HttpCode(201)
  async create(
    @CurrentCaller() caller: Caller,
    @JsonBody() body: JsonObject,
    @Res({ passthrough: true }) response: Response,
  ): Promise<object> {
    const dto = parseDto(GroupV2Dto, body)
    if (dto.name === undefined) throw new RegistryError('REQUEST_INVALID', 'name is missing')
    const group = await this.groups.create(caller, dto.name, groupSettingsOfV2(dto))
    warnOfIgnored(response, unknownFieldsIn(GroupV2Dto, body))
    return groupV2Json(group, await this.groups.members(group.name))
  }

  @Documented(groupsV2Docs.get)
  @Get(':name')
  async get(@Param('name') name: string): Promise<object> {
    return groupV2Json(await this.groups.existing(name), await this.groups.members(name))
  }

  @Documented(groupsV2Docs.update)
  @Patch(':name')
  async update(
    @Param('name') name: string,
    @CurrentCaller() caller: Caller,
    @JsonBody() body: JsonObject,
    @Res({ passthrough: true }) response: Response,
  ): Promise<object> {
    const dto = parseDto(GroupV2Dto, body)
    requireUnchanged('name', dto.name, name)
    const group = await this.groups.change(caller, name, groupSettingsOfV2(dto))
    warnOfIgnored(response, unknownFieldsIn(GroupV2Dto, body))
    return groupV2Json(group, await this.groups.members(name))
  }

  @Documented(groupsV2Docs.delete)
  @Delete(':name')
  @HttpCode(204)
  async delete(@Param('name') name: string, @CurrentCaller() caller: Caller): Promise<void> {
    await this.groups.remove(caller, name)
  }

  @Documented(groupsV2Docs.changeMembers)
  @Patch(':name/members')
  async changeMembers(
    @Param('name') name: string,
    @CurrentCaller() caller: Caller,
    @JsonBody() body: JsonObject,
    @Res({ passthrough: true }) response: Response,
  ): Promise<object> {
    const { add = [], remove = [] } = parseDto(MembershipChangeDto, body)
    const members = await this.groups.changeMembers(caller, name, { add, remove })
    warnOfIgnored(response, unknownFieldsIn(MembershipChangeDto, body))
    return { members }
  }
}
