import {
  Controller,
  Delete,
  Get,
  Header,
  HttpCode,
  Inject,
  Param,
  Post,
  Put,
  Query,
  Req,
  Res,
} from '@nestjs/common'
import type { Request, Response } from 'express'
import { type AdminApiPorts, adminApiPorts } from '../admin-api-ports.js'
import { type Caller, CurrentCaller } from '../caller.js'
import { allPages } from '../http/all-pages.js'
import { baseUrlOf } from '../http/base-url.js'
import { createOrChange } from '../http/create-or-change.js'
import { parseDto, unknownFieldsIn } from '../http/parse-dto.js'
import { isOn } from '../http/query-switch.js'
import { requireUnchanged } from '../http/require-unchanged.js'
import { JsonBody, type JsonObject } from '../json-body.js'
import { Documented } from '../openapi/route-description.js'
import { RequiresAdministrator } from '../permission.js'
import { warnOfIgnored } from '../warn-of-ignored.js'
import { GroupAdministration } from './group-administration.js'
import { groupV1Json } from './group-json.js'
import { type GroupSettings, groupSettingsOfV1, GroupV1Dto } from './group.dto.js'
import { groupsV1Docs } from './groups.docs.js'

/** Artifactory's security entities of type group. */
@RequiresAdministrator()
@Controller('artifactory/api/security/groups')
export class GroupsV1Controller {
  constructor(
    @Inject(adminApiPorts) private readonly ports: AdminApiPorts,
    @Inject(GroupAdministration) private readonly groups: GroupAdministration,
  ) {}

  @Documented(groupsV1Docs.list)
  @Get()
  async list(@Req() request: Request): Promise<readonly object[]> {
    const base = `${baseUrlOf(request, this.ports.publicUrl)}/artifactory/api/security/groups`
    const { groups } = this.ports.accounts
    const entries: object[] = []
    for await (const { name } of allPages((page) => groups.list(page))) {
      entries.push({ name, uri: `${base}/${encodeURIComponent(name)}` })
    }
    return entries
  }

  @Documented(groupsV1Docs.get)
  @Get(':name')
  async get(@Param('name') name: string, @Query() query: Record<string, unknown>): Promise<object> {
    const group = await this.groups.existing(name)
    const withMembers = isOn(query, 'includeUsers')
    return groupV1Json(group, withMembers ? await this.groups.members(name) : undefined)
  }

  /** Creates, or changes what the body names; users whom it names are all the members then. */
  @Documented(groupsV1Docs.put)
  @Put(':name')
  @HttpCode(201)
  async put(
    @Param('name') name: string,
    @CurrentCaller() caller: Caller,
    @JsonBody() body: JsonObject,
    @Res({ passthrough: true }) response: Response,
  ): Promise<void> {
    const settings = parsed(name, body)
    await createOrChange(
      () => this.groups.find(name),
      () => this.groups.create(caller, name, settings),
      () => this.groups.change(caller, name, settings),
    )
    warnOfIgnored(response, unknownFieldsIn(GroupV1Dto, body))
  }

  /** Changes what the body names; users whom it names become members, and nobody leaves. */
  @Documented(groupsV1Docs.update)
  @Post(':name')
  @HttpCode(200)
  async update(
    @Param('name') name: string,
    @CurrentCaller() caller: Caller,
    @JsonBody() body: JsonObject,
    @Res({ passthrough: true }) response: Response,
  ): Promise<void> {
    await this.groups.change(caller, name, parsed(name, body), 'more')
    warnOfIgnored(response, unknownFieldsIn(GroupV1Dto, body))
  }

  @Documented(groupsV1Docs.delete)
  @Delete(':name')
  @HttpCode(200)
  @Header('Content-Type', 'text/plain')
  async delete(@Param('name') name: string, @CurrentCaller() caller: Caller): Promise<string> {
    await this.groups.remove(caller, name)
    return `Group '${name}' has been removed successfully.\n`
  }
}

function parsed(name: string, body: JsonObject): GroupSettings {
  const dto = parseDto(GroupV1Dto, body)
  requireUnchanged('name', dto.name, name)
  return groupSettingsOfV1(dto)
}
