import { type Digest, parseDigest, PathPattern, RegistryError } from '@entrepot/kernel'
import { maximumItems, queryOfName, queryOfProperties, type TagQuery } from '@entrepot/oci-repository'
import { Controller, Get, Inject, Query, Req, Res } from '@nestjs/common'
import type { Request, Response } from 'express'
import { type AdminApiPorts, adminApiPorts } from '../admin-api-ports.js'
import { type Caller, CurrentCaller } from '../caller.js'
import { baseUrlOf } from '../http/base-url.js'
import { queryText } from '../http/cursor-page.js'
import { noSuch } from '../http/no-such.js'
import { RequestContexts } from '../items/request-contexts.js'
import { Documented } from '../openapi/route-description.js'
import { RequiresLogin } from '../permission.js'
import { VisibleRepositories } from '../visible-repositories.js'
import { checkSearchText } from './check-search-text.js'
import { criteriaOf } from './criteria-of.js'
import { itemSearchDocs } from './tag-search.docs.js'
import { detailOf, resultLimit, searchResults } from './search-results.js'
import { searchedRepositories } from './searched-repositories.js'
import { findSource } from '../items/find-source.js'

type Queries = Record<string, unknown>

/** Artifactory's searches, for what the caller may read. */
@RequiresLogin()
@Controller('artifactory/api/search')
export class SearchController {
  constructor(
    @Inject(adminApiPorts) private readonly ports: AdminApiPorts,
    @Inject(VisibleRepositories) private readonly visible: VisibleRepositories,
    @Inject(RequestContexts) private readonly contexts: RequestContexts,
  ) {}

  @Documented(itemSearchDocs.artifact)
  @Get('artifact')
  artifact(
    @Query() query: Queries,
    @CurrentCaller() caller: Caller,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<object> {
    const name = required(query, 'name')
    return this.search(queryOfName(name), { query, caller, request, response })
  }

  @Documented(itemSearchDocs.prop)
  @Get('prop')
  prop(
    @Query() query: Queries,
    @CurrentCaller() caller: Caller,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<object> {
    const criteria = criteriaOf(query, ['repos'])
    if (criteria.length === 0) throw invalid('no property is named: search for one, as ?qa.state=passed')
    return this.search(queryOfProperties(criteria), { query, caller, request, response })
  }

  @Documented(itemSearchDocs.checksum)
  @Get('checksum')
  async checksum(
    @Query() query: Queries,
    @CurrentCaller() caller: Caller,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<object> {
    const digest = digestOf(query)
    if (digest !== undefined) return this.search({ digest }, { query, caller, request, response })
    if (queryText(query, 'sha1') === undefined && queryText(query, 'md5') === undefined) {
      throw invalid('no checksum is named, expected sha256')
    }
    response.setHeader('Warning', '299 - "sha1 and md5 are not computed: search by sha256"')
    return { results: [] }
  }

  @Documented(itemSearchDocs.pattern)
  @Get('pattern')
  async pattern(
    @Query() query: Queries,
    @CurrentCaller() caller: Caller,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<object> {
    const sourcePattern = required(query, 'pattern')
    const colon = sourcePattern.indexOf(':')
    if (colon < 0) throw invalid('pattern has no colon, expected repository:folder/*/file')
    const key = sourcePattern.slice(0, colon)
    const pattern = new PathPattern(sourcePattern.slice(colon + 1))
    const repository = findSource(this.ports, this.visible, caller, key)
    if (repository === undefined) throw noSuch('repository', key)
    const segments = pattern.text.split('/')
    const literal = segments.findIndex((segment) => /[*?]/.test(segment))
    const folder = segments.slice(0, literal < 0 ? -1 : literal).join('/')
    const context = this.contexts.of(caller, response)
    const found = await this.ports.content.items.list(repository, folder, Infinity, context)
    if (found?.complete === false) {
      response.setHeader(
        'Warning',
        `299 - "only the first ${maximumItems} items in ${folder} were looked at"`,
      )
    }
    const files = (found?.items ?? [])
      .filter((item) => !item.folder)
      .map(({ path }) => (folder === '' ? path : `${folder}/${path}`))
      .filter((path) => pattern.matches(path))
    const repoUri = `${baseUrlOf(request, this.ports.publicUrl)}/artifactory/${key}`
    return { repoUri, sourcePattern, files }
  }

  private async search(asked: Omit<TagQuery, 'repositories'>, of: Asked): Promise<object> {
    const { query, caller, request, response } = of
    const keys = searchedRepositories(this.ports, this.visible, caller, query)
    const context = this.contexts.of(caller, response)
    const page = { limit: resultLimit(detailOf(request)), after: undefined }
    const found = await this.ports.content.tagFinder.find(keys, asked, page, context)
    return searchResults(found, asked.digest, { ports: this.ports, request, response, context })
  }
}

interface Asked {
  readonly query: Queries
  readonly caller: Caller
  readonly request: Request
  readonly response: Response
}

function digestOf(query: Queries): Digest | undefined {
  for (const algorithm of ['sha256', 'sha512']) {
    const hex = queryText(query, algorithm)
    if (hex !== undefined) return parseDigest(`${algorithm}:${hex}`)
  }
  return undefined
}

function required(query: Queries, name: string): string {
  const text = queryText(query, name)
  if (text === undefined) throw invalid(`${name} is missing`)
  checkSearchText(name, text)
  return text
}

function invalid(message: string): RegistryError {
  return new RegistryError('REQUEST_INVALID', message)
}
