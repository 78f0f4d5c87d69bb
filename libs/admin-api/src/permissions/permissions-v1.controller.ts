import { Controller, Delete, Get, Header, HttpCode, Inject, Param, Put, Req, Res } from '@nestjs/common'
import type { Request, Response } from 'express'
import { type AdminApiPorts, adminApiPorts } from '../admin-api-ports.js'
import { type Caller, CurrentCaller } from '../caller.js'
import { baseUrlOf } from '../http/base-url.js'
import { JsonBody, type JsonObject } from '../json-body.js'
import { Documented } from '../openapi/route-description.js'
import { RequiresAdministrator, RequiresUser } from '../permission.js'
import { warnOfIgnored } from '../warn-of-ignored.js'
import { PermissionAdministration } from './permission-administration.js'
import { parsePermissionV1, permissionV1Json } from './permission-v1.js'
import { permissionsV1Docs } from './permissions.docs.js'

/** Artifactory's security entities of type permission. */
@RequiresUser()
@Controller('artifactory/api/security/permissions')
export class PermissionsV1Controller {
  constructor(
    @Inject(adminApiPorts) private readonly ports: AdminApiPorts,
    @Inject(PermissionAdministration) private readonly permissions: PermissionAdministration,
  ) {}

  @Documented(permissionsV1Docs.list)
  @Get()
  list(@CurrentCaller() caller: Caller, @Req() request: Request): readonly object[] {
    const base = `${baseUrlOf(request, this.ports.publicUrl)}/artifactory/api/security/permissions`
    return this.permissions
      .visibleTo(caller)
      .map(({ name }) => ({ name, uri: `${base}/${encodeURIComponent(name)}` }))
  }

  @Documented(permissionsV1Docs.get)
  @Get(':name')
  async get(@Param('name') name: string, @CurrentCaller() caller: Caller): Promise<object> {
    return permissionV1Json(await this.permissions.visible(caller, name))
  }

  /** Creates or replaces. */
  @Documented(permissionsV1Docs.put)
  @Put(':name')
  async put(
    @Param('name') name: string,
    @CurrentCaller() caller: Caller,
    @JsonBody() body: JsonObject,
    @Res({ passthrough: true }) response: Response,
  ): Promise<void> {
    const input = parsePermissionV1(name, body)
    response.status((await this.permissions.put(caller, name, input)) ? 201 : 200)
    warnOfIgnored(response, input.ignored)
  }

  @Documented(permissionsV1Docs.delete)
  @RequiresAdministrator()
  @Delete(':name')
  @HttpCode(200)
  @Header('Content-Type', 'text/plain')
  async delete(@Param('name') name: string, @CurrentCaller() caller: Caller): Promise<string> {
    await this.permissions.remove(caller, name)
    return `Permission Target '${name}' has been removed successfully.\n`
  }
}
