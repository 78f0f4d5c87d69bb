import { RegistryError } from '@entrepot/kernel'
import { Controller, Delete, Get, HttpCode, Inject, Param, Post, Put, Query, Req, Res } from '@nestjs/common'
import type { Request, Response } from 'express'
import { type AdminApiPorts, adminApiPorts } from '../admin-api-ports.js'
import { type Caller, CurrentCaller } from '../caller.js'
import { baseUrlOf } from '../http/base-url.js'
import { cursorPage } from '../http/cursor-page.js'
import { noSuch } from '../http/no-such.js'
import { JsonBody, type JsonObject } from '../json-body.js'
import { Documented } from '../openapi/route-description.js'
import { RequiresAdministrator, RequiresUser } from '../permission.js'
import { warnOfIgnored } from '../warn-of-ignored.js'
import {
  accessPermissionJson,
  artifactSectionJson,
  keptSectionJson,
  noPermissionInput,
  parseAccessPermission,
  parseArtifactSection,
  parseKeptSection,
  resourceTypes,
} from './permission-access.js'
import { PermissionAdministration } from './permission-administration.js'
import { accessPermissionsDocs } from './permissions.docs.js'

const types: ReadonlySet<string> = new Set(resourceTypes)

/** The permissions of the Access service; of their resource types only `artifact` has an effect, the others are kept. */
@RequiresUser()
@Controller('access/api/v2/permissions')
export class AccessPermissionsController {
  constructor(
    @Inject(adminApiPorts) private readonly ports: AdminApiPorts,
    @Inject(PermissionAdministration) private readonly permissions: PermissionAdministration,
  ) {}

  @Documented(accessPermissionsDocs.list)
  @Get()
  list(
    @CurrentCaller() caller: Caller,
    @Query() query: Record<string, unknown>,
    @Req() request: Request,
  ): object {
    const { limit, after = '' } = cursorPage(query)
    const base = `${baseUrlOf(request, this.ports.publicUrl)}/access/api/v2/permissions`
    const rest = this.permissions.visibleTo(caller).filter(({ name }) => name > after)
    const page = rest.slice(0, limit)
    return {
      permissions: page.map(({ name }) => ({ name, uri: `${base}/${encodeURIComponent(name)}` })),
      ...(rest.length > limit ? { cursor: page.at(-1)?.name } : {}),
    }
  }

  @Documented(accessPermissionsDocs.create)
  @RequiresAdministrator()
  @Post()
  @HttpCode(201)
  async create(
    @CurrentCaller() caller: Caller,
    @JsonBody() body: JsonObject,
    @Res({ passthrough: true }) response: Response,
  ): Promise<object> {
    const { name } = body
    if (typeof name !== 'string') throw new RegistryError('REQUEST_INVALID', 'name is missing, expected text')
    const input = parseAccessPermission(body)
    const target = await this.permissions.create(caller, name, input)
    warnOfIgnored(response, input.ignored)
    return accessPermissionJson(target)
  }

  @Documented(accessPermissionsDocs.get)
  @Get(':name')
  async get(@Param('name') name: string, @CurrentCaller() caller: Caller): Promise<object> {
    return accessPermissionJson(await this.permissions.visible(caller, name))
  }

  @Documented(accessPermissionsDocs.getSection)
  @Get(':name/:type')
  async getSection(
    @Param('name') name: string,
    @Param('type') type: string,
    @CurrentCaller() caller: Caller,
  ): Promise<object> {
    const target = await this.permissions.visible(caller, name)
    if (checkedType(type) === 'artifact') return artifactSectionJson(target)
    const section = target.kept?.sections[type]
    if (section === undefined) throw noSuch('resource', type)
    return keptSectionJson(section)
  }

  @Documented(accessPermissionsDocs.replaceSection)
  @Put(':name/:type')
  async replaceSection(
    @Param('name') name: string,
    @Param('type') type: string,
    @CurrentCaller() caller: Caller,
    @JsonBody() body: JsonObject,
    @Res({ passthrough: true }) response: Response,
  ): Promise<object> {
    if (checkedType(type) !== 'artifact') {
      const section = parseKeptSection(body)
      await this.permissions.replaceSection(caller, name, type, section)
      warnOfIgnored(response, [`resources.${type}`])
      return keptSectionJson(section)
    }
    const input = parseArtifactSection(body)
    const target = await this.permissions.replace(caller, name, input)
    warnOfIgnored(response, input.ignored)
    return artifactSectionJson(target)
  }

  @Documented(accessPermissionsDocs.delete)
  @RequiresAdministrator()
  @Delete(':name')
  @HttpCode(204)
  async delete(@Param('name') name: string, @CurrentCaller() caller: Caller): Promise<void> {
    await this.permissions.remove(caller, name)
  }

  @Documented(accessPermissionsDocs.deleteSection)
  @RequiresAdministrator()
  @Delete(':name/:type')
  @HttpCode(204)
  async deleteSection(
    @Param('name') name: string,
    @Param('type') type: string,
    @CurrentCaller() caller: Caller,
  ): Promise<void> {
    await this.permissions.visible(caller, name)
    if (checkedType(type) === 'artifact') await this.permissions.replace(caller, name, noPermissionInput)
    else await this.permissions.replaceSection(caller, name, type, undefined)
  }
}

function checkedType(type: string): string {
  if (types.has(type)) return type
  const shown = JSON.stringify(type.slice(0, 100))
  throw new RegistryError('REQUEST_INVALID', `resource type ${shown}, expected ${resourceTypes.join(', ')}`)
}
