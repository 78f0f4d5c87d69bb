import { type BuildQuery, parseAql } from '@entrepot/aql'
import { maximumRuns } from '@entrepot/builds'
import { Controller, HttpCode, Inject, Post, Res } from '@nestjs/common'
import type { Response } from 'express'
import { type AdminApiPorts, adminApiPorts } from '../admin-api-ports.js'
import { buildViewerOf } from '../builds/build-viewer.js'
import { type Caller, CurrentCaller } from '../caller.js'
import { RequestContexts } from '../items/request-contexts.js'
import { QueryBody } from '../json-body.js'
import { Documented } from '../openapi/route-description.js'
import { RequiresLogin } from '../permission.js'
import { type AqlAnswer, aqlAnswer, buildEntryJson, foundItemJson } from './aql-json.js'
import { findBuilds } from './find-builds.js'
import { searchDocs } from './search.docs.js'

const cutText = 'AQL query reached the search hard limit, results are trimmed.'

/** Artifactory Query Language, for who may read what is found. */
@RequiresLogin()
@Controller('artifactory/api/search')
export class AqlController {
  constructor(
    @Inject(adminApiPorts) private readonly ports: AdminApiPorts,
    @Inject(RequestContexts) private readonly contexts: RequestContexts,
  ) {}

  @Documented(searchDocs.aql)
  @Post('aql')
  @HttpCode(200)
  async aql(
    @CurrentCaller() caller: Caller,
    @QueryBody() text: string,
    @Res({ passthrough: true }) response: Response,
  ): Promise<AqlAnswer> {
    const query = parseAql(text, new Date(this.ports.content.clock.now()))
    if (query.domain === 'builds') return this.builds(caller, query)
    const context = this.contexts.of(caller, response)
    const { items, isCut, lacksChecksums } = await this.ports.content.finder.find(query, context)
    if (lacksChecksums) {
      response.setHeader('Warning', '299 - "some SHA-1 are not computed yet: ask again, or for less"')
    }
    const results = items.map((item) => foundItemJson(item, query.include))
    return aqlAnswer(query, results, isCut ? cutText : undefined)
  }

  private async builds(caller: Caller, query: BuildQuery): Promise<AqlAnswer> {
    // A registry token for some content is good for nothing else.
    const all = caller.unlimited ? await this.ports.builds.store.entries(buildViewerOf(caller)) : []
    const found = await findBuilds(query, all)
    const results = found.map((entry) => buildEntryJson(entry, query.include.fields))
    return aqlAnswer(query, results, all.length >= maximumRuns ? cutText : undefined)
  }
}
