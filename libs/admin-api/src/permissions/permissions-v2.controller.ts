import { Controller, Delete, Get, Header, HttpCode, Inject, Param, Post, Put, Req, Res } from '@nestjs/common'
import type { Request, Response } from 'express'
import { type AdminApiPorts, adminApiPorts } from '../admin-api-ports.js'
import { type Caller, CurrentCaller } from '../caller.js'
import { baseUrlOf } from '../http/base-url.js'
import { JsonBody, type JsonObject } from '../json-body.js'
import { Documented } from '../openapi/route-description.js'
import { RequiresAdministrator, RequiresUser } from '../permission.js'
import { warnOfIgnored } from '../warn-of-ignored.js'
import { PermissionAdministration } from './permission-administration.js'
import { parsePermissionV2, permissionV2Json } from './permission-v2.js'
import { permissionsV2Docs } from './permissions.docs.js'

/** Artifactory's permission targets V2. */
@RequiresUser()
@Controller('artifactory/api/v2/security/permissions')
export class PermissionsV2Controller {
  constructor(
    @Inject(adminApiPorts) private readonly ports: AdminApiPorts,
    @Inject(PermissionAdministration) private readonly permissions: PermissionAdministration,
  ) {}

  @Documented(permissionsV2Docs.list)
  @Get()
  list(@CurrentCaller() caller: Caller, @Req() request: Request): readonly object[] {
    const base = `${baseUrlOf(request, this.ports.publicUrl)}/artifactory/api/v2/security/permissions`
    return this.permissions
      .visibleTo(caller)
      .map(({ name }) => ({ name, uri: `${base}/${encodeURIComponent(name)}` }))
  }

  @Documented(permissionsV2Docs.get)
  @Get(':name')
  async get(@Param('name') name: string, @CurrentCaller() caller: Caller): Promise<object> {
    return permissionV2Json(await this.permissions.visible(caller, name))
  }

  /** Creates or replaces; the Terraform provider takes nothing but 200 for either. */
  @Documented(permissionsV2Docs.put)
  @Put(':name')
  async put(
    @Param('name') name: string,
    @CurrentCaller() caller: Caller,
    @JsonBody() body: JsonObject,
    @Res({ passthrough: true }) response: Response,
  ): Promise<void> {
    const input = parsePermissionV2(name, body)
    await this.permissions.put(caller, name, input)
    warnOfIgnored(response, input.ignored)
  }

  /** Creates. */
  @Documented(permissionsV2Docs.create)
  @RequiresAdministrator()
  @Post(':name')
  @HttpCode(201)
  async create(
    @Param('name') name: string,
    @CurrentCaller() caller: Caller,
    @JsonBody() body: JsonObject,
    @Res({ passthrough: true }) response: Response,
  ): Promise<void> {
    const input = parsePermissionV2(name, body)
    await this.permissions.create(caller, name, input)
    warnOfIgnored(response, input.ignored)
  }

  @Documented(permissionsV2Docs.delete)
  @RequiresAdministrator()
  @Delete(':name')
  @HttpCode(200)
  @Header('Content-Type', 'text/plain')
  async delete(@Param('name') name: string, @CurrentCaller() caller: Caller): Promise<string> {
    await this.permissions.remove(caller, name)
    return `Permission Target '${name}' has been removed successfully.\n`
  }
}
