import { type Digest, parseDigest, RegistryError } from '@entrepot/kernel'
import {
  filePathOf,
  type ItemPage,
  parseImageName,
  parseTag,
  queryOfProperties,
  type ReadableTag,
  textMatch,
} from '@entrepot/oci-repository'
import type { RepositoryKey } from '@entrepot/repositories'
import { Controller, Get, Inject, Query, Req, Res } from '@nestjs/common'
import type { Request, Response } from 'express'
import { type AdminApiPorts, adminApiPorts } from '../admin-api-ports.js'
import { type Caller, CurrentCaller } from '../caller.js'
import { baseUrlOf } from '../http/base-url.js'
import { cursorPage, nextCursor, queryText } from '../http/cursor-page.js'
import { itemUri } from '../items/item-json.js'
import { RequestContexts } from '../items/request-contexts.js'
import { Documented } from '../openapi/route-description.js'
import { RequiresLogin } from '../permission.js'
import { VisibleRepositories } from '../visible-repositories.js'
import { checkSearchText } from './check-search-text.js'
import { namedCriteria } from './criteria-of.js'
import { tagSearchDocs } from './tag-search.docs.js'
import { searchedRepositories } from './searched-repositories.js'

type Queries = Record<string, unknown>

/** A search for tags by all that is known of them, page by page. */
@RequiresLogin()
@Controller('artifactory/api/entrepot/search')
export class TagSearchController {
  constructor(
    @Inject(adminApiPorts) private readonly ports: AdminApiPorts,
    @Inject(VisibleRepositories) private readonly visible: VisibleRepositories,
    @Inject(RequestContexts) private readonly contexts: RequestContexts,
  ) {}

  @Documented(tagSearchDocs.search)
  @Get()
  async search(
    @Query() query: Queries,
    @CurrentCaller() caller: Caller,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<object> {
    const keys = searchedRepositories(this.ports, this.visible, caller, query)
    const { limit, after } = cursorPage(query)
    const digestText = queryText(query, 'digest')
    const digest = digestText === undefined ? undefined : parseDigest(digestText)
    const ofProperties = queryOfProperties(namedCriteria(query, 'property'))
    const asked = {
      ...ofProperties,
      ...matchOf(query, 'image'),
      ...matchOf(query, 'tag'),
      ...matchOf(query, 'name'),
      ...(digest === undefined ? {} : { digest }),
      labels: [...(ofProperties.labels ?? []), ...namedCriteria(query, 'label')],
      annotations: [...(ofProperties.annotations ?? []), ...namedCriteria(query, 'annotation')],
    }
    const page = { limit, after: after === undefined ? undefined : placeIn(after, keys) }
    const context = this.contexts.of(caller, response)
    const { items, more } = await this.ports.content.tagFinder.find(keys, asked, page, context)
    const baseUrl = baseUrlOf(request, this.ports.publicUrl)
    const last = items.at(-1)
    return {
      results: items.map((item) => tagJson(item, digest, baseUrl)),
      ...nextCursor(more, last && `${last.repository}/${last.image}:${last.tag}`),
    }
  }
}

function tagJson(item: ReadableTag, digest: Digest | undefined, baseUrl: string): object {
  const { repository, image, tag, mediaType } = item
  const uri = itemUri({ baseUrl, repository }, filePathOf(item, digest))
  return { repo: repository, image, tag, digest: item.digest, media_type: mediaType, uri }
}

function matchOf(query: Queries, name: 'image' | 'tag' | 'name') {
  const text = queryText(query, name)
  if (text === undefined) return {}
  checkSearchText(name, text)
  return { [name]: textMatch(text) }
}

/** Only of what is searched: whether there is another repository is not told. */
function placeIn(cursor: string, keys: readonly RepositoryKey[]): NonNullable<ItemPage['after']> {
  const slash = cursor.indexOf('/')
  const colon = cursor.lastIndexOf(':')
  const repository = keys.find((key) => key === cursor.slice(0, slash))
  if (repository === undefined || colon < slash) {
    const shown = JSON.stringify(cursor.slice(0, 100))
    throw new RegistryError('REQUEST_INVALID', `cursor is ${shown}, expected that of the page before`)
  }
  return {
    repository,
    image: parseImageName(cursor.slice(slash + 1, colon)),
    tag: parseTag(cursor.slice(colon + 1)),
  }
}
