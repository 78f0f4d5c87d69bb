import { type AqlCriterion, type BuildField, type BuildQuery, compareAql, parseAql } from '@entrepot/aql'
import type { BuildEntry } from '@entrepot/builds'
import { Controller, HttpCode, Inject, Post, Res } from '@nestjs/common'
import type { Response } from 'express'
import { type AdminApiPorts, adminApiPorts } from '../admin-api-ports.js'
import { buildViewerOf } from '../builds/build-viewer.js'
import { type Caller, CurrentCaller } from '../caller.js'
import { RequestContexts } from '../items/request-contexts.js'
import { QueryBody } from '../json-body.js'
import { Documented } from '../openapi/route-description.js'
import { RequiresLogin } from '../permission.js'
import { type AqlAnswer, aqlAnswer, buildEntryJson, buildValueOf, foundItemJson } from './aql-json.js'
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
    const found = all.filter((entry) => isTrue(query.where, entry))
    const { sort, offset, limit = Infinity } = query
    if (sort !== undefined)
      found.sort((left, right) => order(sort.fields, left, right) * (sort.direction === 'asc' ? 1 : -1))
    const results = found
      .slice(offset, offset + limit)
      .map((entry) => buildEntryJson(entry, query.include.fields))
    return aqlAnswer(query, results, undefined)
  }
}

function isTrue(criterion: AqlCriterion<BuildField>, entry: BuildEntry): boolean {
  if (criterion.kind === 'and') return criterion.of.every((each) => isTrue(each, entry))
  if (criterion.kind !== 'comparison') return criterion.of.some((each) => isTrue(each, entry))
  const { subject, comparison, value } = criterion
  return subject.kind === 'field' && compareAql(buildValueOf(entry, subject.field), comparison, value)
}

function order(fields: readonly BuildField[], left: BuildEntry, right: BuildEntry): number {
  for (const field of fields) {
    const [one, other] = [buildValueOf(left, field), buildValueOf(right, field)]
    if (compareAql(one, '$lt', other)) return -1
    if (compareAql(one, '$gt', other)) return 1
  }
  return 0
}
