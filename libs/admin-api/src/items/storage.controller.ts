import { RegistryError } from '@entrepot/kernel'
import { maximumItems } from '@entrepot/oci-repository'
import { Controller, Get, Inject, Param, Query, Req, Res } from '@nestjs/common'
import type { Request, Response } from 'express'
import { type AdminApiPorts, adminApiPorts } from '../admin-api-ports.js'
import { type Caller, CurrentCaller } from '../caller.js'
import { baseUrlOf } from '../http/base-url.js'
import { Documented } from '../openapi/route-description.js'
import { RequiresLogin } from '../permission.js'
import { propertiesAnswer } from '../properties/properties-answer.js'
import { VisibleRepositories } from '../visible-repositories.js'
import { withoutCacheSuffix } from './cache-suffix.js'
import { itemJson, itemListJson } from './item-json.js'
import { itemPathOf, noSuchItem, type PathParts } from './item-path.js'
import { storageDocs } from './items.docs.js'
import { type ListOptions, listOptionsOf } from './list-options.js'
import { RequestContexts } from './request-contexts.js'

/** Artifactory's item info and properties, for who may read the item; of remotes what is cached. */
@RequiresLogin()
@Controller('artifactory/api/storage')
export class StorageController {
  constructor(
    @Inject(adminApiPorts) private readonly ports: AdminApiPorts,
    @Inject(VisibleRepositories) private readonly visible: VisibleRepositories,
    @Inject(RequestContexts) private readonly contexts: RequestContexts,
  ) {}

  @Documented(storageDocs.info)
  @Get([':repository', ':repository/*path'])
  async info(
    @Param('repository') key: string,
    @Param('path') parts: PathParts,
    @Query() query: Record<string, unknown>,
    @CurrentCaller() caller: Caller,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<object> {
    const path = itemPathOf(key, parts)
    const list = listOptionsOf(query)
    const holder = withoutCacheSuffix(key, this.ports.repositories)
    const stored = this.visible.find(caller, holder)
    const repository = stored && this.ports.content.repositories.find(holder)
    if (repository === undefined) throw noSuchItem(key, path)
    const { items } = this.ports.content
    const context = this.contexts.of(caller, response)
    const place = { baseUrl: baseUrlOf(request, this.ports.publicUrl), repository: key }
    if (Object.hasOwn(query, 'properties')) {
      return propertiesAnswer(this.ports, repository, path, query, place, context)
    }
    const item = await items.find(repository, path, context)
    if (item === undefined) throw noSuchItem(key, path)
    if (list === undefined) {
      if (item.kind === 'folder' && !item.complete) warnOfRest(response)
      return itemJson(item, place)
    }
    if (item.kind === 'file') {
      throw new RegistryError('REQUEST_INVALID', `${key}/${path} is a file: only a folder can be listed`)
    }
    return this.list(repository, path, list, { context, place, response })
  }

  private async list(
    repository: Parameters<AdminApiPorts['content']['items']['list']>[0],
    path: string,
    { depth, withFolders }: ListOptions,
    { context, place, response }: Listing,
  ): Promise<object> {
    const found = await this.ports.content.items.list(repository, path, depth, context)
    if (found === undefined) throw noSuchItem(place.repository, path)
    if (!found.complete) warnOfRest(response)
    return itemListJson(found, path, withFolders, place, new Date(this.ports.content.clock.now()))
  }
}

interface Listing {
  readonly context: ReturnType<RequestContexts['of']>
  readonly place: Parameters<typeof itemJson>[1]
  readonly response: Response
}

function warnOfRest(response: Response): void {
  const text = `299 - "there are more than ${maximumItems} items: ask for a folder deeper in the tree"`
  response.setHeader('Warning', text)
}
