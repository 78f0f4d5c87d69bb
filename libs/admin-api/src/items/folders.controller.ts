import { RegistryError } from '@entrepot/kernel'
import { parseImageName } from '@entrepot/oci-repository'
import { Controller, Inject, Param, Put, Req, Res } from '@nestjs/common'
import type { Request, Response } from 'express'
import { type AdminApiPorts, adminApiPorts } from '../admin-api-ports.js'
import { type Caller, CurrentCaller } from '../caller.js'
import { baseUrlOf } from '../http/base-url.js'
import { Documented } from '../openapi/route-description.js'
import { RequiresLogin } from '../permission.js'
import { VisibleRepositories } from '../visible-repositories.js'
import { findTarget } from './find-target.js'
import { foldersDocs } from './folders.docs.js'
import { itemPathOf, type PathParts } from './item-path.js'

/** Artifactory's "Create Directory", which the JFrog CLI asks for before it moves things into one. */
@RequiresLogin()
@Controller('artifactory')
export class FoldersController {
  constructor(
    @Inject(adminApiPorts) private readonly ports: AdminApiPorts,
    @Inject(VisibleRepositories) private readonly visible: VisibleRepositories,
  ) {}

  @Documented(foldersDocs.create)
  @Put(':repository/*path')
  create(
    @Param('repository') key: string,
    @Param('path') parts: PathParts,
    @CurrentCaller() caller: Caller,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): object {
    if (!request.path.endsWith('/')) {
      throw new RegistryError('ROUTE_UNKNOWN', `there is no ${request.method} ${request.path}`)
    }
    const path = itemPathOf(key, parts)
    const { writer } = findTarget(this.ports, this.visible, caller, key)
    if (writer === undefined) {
      throw new RegistryError('UNSUPPORTED', `repository ${key} takes no writes`)
    }
    const { policy } = this.ports.permissions
    if (caller.scoped || !policy.allowsSomewhere(caller.principal, 'deploy', writer.target)) {
      throw new RegistryError('DENIED', `${caller.principal.name} may not deploy to repository ${key}`)
    }
    parseImageName(path)
    response.status(201)
    response.setHeader('Warning', '299 - "a folder is there as soon as there is an image in it"')
    const base = baseUrlOf(request, this.ports.publicUrl)
    return {
      repo: key,
      path: `/${path}`,
      created: new Date(this.ports.content.clock.now()).toISOString(),
      uri: `${base}/artifactory/api/storage/${key}/${path}`,
      children: [],
    }
  }
}
