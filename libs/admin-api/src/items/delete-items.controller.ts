import { type RemovedItem, removeItems } from '@entrepot/oci-repository'
import { Controller, Delete, HttpCode, Inject, Param, Res } from '@nestjs/common'
import type { Response } from 'express'
import { type AdminApiPorts, adminApiPorts } from '../admin-api-ports.js'
import { type Caller, CurrentCaller } from '../caller.js'
import { Documented } from '../openapi/route-description.js'
import { RequiresLogin } from '../permission.js'
import { recordChange } from '../record-change.js'
import { VisibleRepositories } from '../visible-repositories.js'
import { itemPathOf, noSuchItem, type PathParts } from './item-path.js'
import { deleteItemsDocs } from './items.docs.js'
import { RequestContexts } from './request-contexts.js'

/** Artifactory's "Delete Item". */
@RequiresLogin()
@Controller('artifactory')
export class DeleteItemsController {
  constructor(
    @Inject(adminApiPorts) private readonly ports: AdminApiPorts,
    @Inject(VisibleRepositories) private readonly visible: VisibleRepositories,
    @Inject(RequestContexts) private readonly contexts: RequestContexts,
  ) {}

  @Documented(deleteItemsDocs.delete)
  @Delete(':repository/*path')
  @HttpCode(204)
  async delete(
    @Param('repository') key: string,
    @Param('path') parts: PathParts,
    @CurrentCaller() caller: Caller,
    @Res({ passthrough: true }) response: Response,
  ): Promise<void> {
    const path = itemPathOf(key, parts)
    const stored = this.visible.find(caller, key)
    const repository = stored && this.ports.content.repositories.find(key)
    // Nothing at all is deleted by a path that was cut short.
    if (repository === undefined || path === '') throw noSuchItem(key, path)
    const context = this.contexts.of(caller, response)
    let isThere = false
    for await (const removed of removeItems(repository, path, context)) {
      isThere = true
      this.record(caller, removed)
    }
    if (!isThere) throw noSuchItem(key, path)
  }

  private record(caller: Caller, { repository, image, reference, digest, tags }: RemovedItem): void {
    const separator = reference === digest ? '@' : ':'
    const item = reference === undefined ? '' : `${separator}${reference}`
    recordChange(this.ports.audit, caller, {
      action: 'delete',
      subject: { kind: 'image', name: `${repository}/${image}${item}` },
      before: { digest, tags },
    })
  }
}
