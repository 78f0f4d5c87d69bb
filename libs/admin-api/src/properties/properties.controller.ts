import type { ChangedItems, ItemPropertyChange } from '@entrepot/oci-repository'
import { RegistryError } from '@entrepot/kernel'
import { Controller, Delete, HttpCode, Inject, Param, Patch, Put, Query, Res } from '@nestjs/common'
import type { Response } from 'express'
import { type AdminApiPorts, adminApiPorts } from '../admin-api-ports.js'
import { type Caller, CurrentCaller } from '../caller.js'
import { queryText } from '../http/cursor-page.js'
import { withoutCacheSuffix } from '../items/cache-suffix.js'
import { itemPathOf, noSuchItem, type PathParts } from '../items/item-path.js'
import { isOn } from '../http/query-switch.js'
import { RequestContexts } from '../items/request-contexts.js'
import { JsonBody, type JsonObject } from '../json-body.js'
import { Documented } from '../openapi/route-description.js'
import { RequiresLogin } from '../permission.js'
import { recordChange } from '../record-change.js'
import { VisibleRepositories } from '../visible-repositories.js'
import { warnOfIgnored } from '../warn-of-ignored.js'
import { parseKeys, parsePatch, parseProperties } from './parse-properties.js'
import { propertiesDocs } from './properties.docs.js'
import { findSource } from '../items/find-source.js'

type Queries = Record<string, unknown>

/** Artifactory's properties of items, for who may annotate them. */
@RequiresLogin()
@Controller('artifactory/api')
export class PropertiesController {
  constructor(
    @Inject(adminApiPorts) private readonly ports: AdminApiPorts,
    @Inject(VisibleRepositories) private readonly visible: VisibleRepositories,
    @Inject(RequestContexts) private readonly contexts: RequestContexts,
  ) {}

  @Documented(propertiesDocs.set)
  @Put(['storage/:repository', 'storage/:repository/*path'])
  @HttpCode(204)
  async set(
    @Param('repository') key: string,
    @Param('path') parts: PathParts,
    @Query() query: Queries,
    @CurrentCaller() caller: Caller,
    @Res({ passthrough: true }) response: Response,
  ): Promise<void> {
    const set = parseProperties(textOf(query))
    const recursive = isRecursive(query, 'recursive')
    await this.change({ key, parts, caller, response }, { set, remove: [], recursive })
  }

  @Documented(propertiesDocs.remove)
  @Delete(['storage/:repository', 'storage/:repository/*path'])
  @HttpCode(204)
  async remove(
    @Param('repository') key: string,
    @Param('path') parts: PathParts,
    @Query() query: Queries,
    @CurrentCaller() caller: Caller,
    @Res({ passthrough: true }) response: Response,
  ): Promise<void> {
    const remove = parseKeys(textOf(query))
    const recursive = isRecursive(query, 'recursive')
    await this.change({ key, parts, caller, response }, { set: new Map(), remove, recursive })
  }

  @Documented(propertiesDocs.update)
  @Patch(['metadata/:repository', 'metadata/:repository/*path'])
  @HttpCode(204)
  async update(
    @Param('repository') key: string,
    @Param('path') parts: PathParts,
    @Query() query: Queries,
    @CurrentCaller() caller: Caller,
    @JsonBody() body: JsonObject,
    @Res({ passthrough: true }) response: Response,
  ): Promise<void> {
    const change = parsePatch(body)
    const name = Object.hasOwn(query, 'recursiveProperties') ? 'recursiveProperties' : 'recursive'
    const { props: _props, ...ignored } = body
    warnOfIgnored(response, Object.keys(ignored))
    await this.change({ key, parts, caller, response }, { ...change, recursive: isRecursive(query, name) })
  }

  private async change({ key, parts, caller, response }: Asked, change: ItemPropertyChange): Promise<void> {
    const path = itemPathOf(key, parts)
    const holder = withoutCacheSuffix(key, this.ports.repositories)
    const repository = findSource(this.ports, this.visible, caller, holder)
    if (repository === undefined) throw noSuchItem(key, path)
    const context = this.contexts.of(caller, response)
    const changed = await this.ports.content.itemProperties.change(repository, path, change, context)
    if (changed === undefined) throw noSuchItem(key, path)
    this.record(caller, changed, change)
    if (changed.kept.length > 0) {
      response.append('Warning', '299 - "properties that say what a manifest is were not deleted"')
    }
  }

  private record(
    caller: Caller,
    { repository, name, count, before }: ChangedItems,
    { set, remove }: ItemPropertyChange,
  ): void {
    const had = [...(before ?? [])].filter(([key]) => set.has(key) || remove.includes(key))
    recordChange(this.ports.audit, caller, {
      action: 'property.update',
      subject:
        name === ''
          ? { kind: 'repository', name: repository }
          : { kind: 'image', name: `${repository}/${name}` },
      before: before === undefined ? undefined : { properties: Object.fromEntries(had) },
      after: { properties: Object.fromEntries(set), removed: remove, items: count },
    })
  }
}

interface Asked {
  readonly key: string
  readonly parts: PathParts
  readonly caller: Caller
  readonly response: Response
}

function textOf(query: Queries): string {
  const text = queryText(query, 'properties')
  if (text !== undefined) return text
  throw new RegistryError(
    'REQUEST_INVALID',
    'properties is missing: say which in the query, as ?properties=key=value',
  )
}

/** As Artifactory, unless it is switched off. */
function isRecursive(query: Queries, name: string): boolean {
  return queryText(query, name) === undefined || isOn(query, name)
}
