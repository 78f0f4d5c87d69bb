import {
  type BuildDocument,
  parseBuildInfo,
  parseBuildName,
  parseStarted,
  type StoredBuild,
} from '@entrepot/builds'
import { Controller, Get, Header, HttpCode, Inject, Param, Post, Put, Query, Req, Res } from '@nestjs/common'
import type { Request, Response } from 'express'
import { type AdminApiPorts, adminApiPorts } from '../admin-api-ports.js'
import { type Caller, CurrentCaller } from '../caller.js'
import { baseUrlOf } from '../http/base-url.js'
import { queryText } from '../http/cursor-page.js'
import { requiredText } from '../http/required-text.js'
import type { PathParts } from '../items/item-path.js'
import { JsonObjects, type JsonObject, LargeJsonBody } from '../json-body.js'
import { Documented } from '../openapi/route-description.js'
import { RequiresUser } from '../permission.js'
import { recordChange } from '../record-change.js'
import { warnOfIgnored } from '../warn-of-ignored.js'
import { buildsJson, buildJson, runsJson } from './build-json.js'
import { buildNameOf, buildPathsOf, runOf } from './build-path.js'
import { warnOfProject } from './build-queries.js'
import { buildViewerOf } from './build-viewer.js'
import { buildsDocs } from './builds.docs.js'
import { noSuchBuild } from './no-such-build.js'

/** In place of a number: the run that was started last, and that of those that were released. */
const latestOf: ReadonlyMap<string, string | undefined> = new Map([
  ['LATEST', undefined],
  ['LAST_RELEASE', 'released'],
])

const askedFields: ReadonlySet<string> = new Set(['buildName', 'buildNumber'])

/** Artifactory's build-info: a run is seen by who published it and by administrators. */
@RequiresUser()
@Controller('artifactory/api/build')
export class BuildsController {
  constructor(@Inject(adminApiPorts) private readonly ports: AdminApiPorts) {}

  @Documented(buildsDocs.publish)
  @Put()
  @HttpCode(204)
  async publish(
    @CurrentCaller() caller: Caller,
    @Query() query: Record<string, unknown>,
    @LargeJsonBody() body: JsonObject,
    @Res({ passthrough: true }) response: Response,
  ): Promise<void> {
    const { principal } = caller
    const build = parseBuildInfo({ ...body, artifactoryPrincipal: principal.name })
    const replaced = await this.ports.builds.store.publish(build, principal)
    const { name, number, started, contents } = build
    recordChange(this.ports.audit, caller, {
      action: 'build.publish',
      subject: { kind: 'build', name: `${name}/${number}` },
      after: { started: started.toISOString(), contents: contents.length, replaced },
    })
    warnOfProject(query, response)
  }

  @Documented(buildsDocs.list)
  @Get()
  async list(@CurrentCaller() caller: Caller, @Req() request: Request): Promise<object> {
    return buildsJson(this.base(request), await this.ports.builds.store.names(buildViewerOf(caller)))
  }

  @Documented(buildsDocs.get)
  @Get('*path')
  async get(
    @Param('path') parts: PathParts,
    @Query() query: Record<string, unknown>,
    @CurrentCaller() caller: Caller,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<object> {
    warnOfProject(query, response)
    const startedText = queryText(query, 'started')
    const started =
      startedText === undefined ? undefined : parseStarted('started', startedText.replace(' ', '+'))
    const viewer = buildViewerOf(caller)
    const paths = buildPathsOf(parts)
    for (const { name, number } of paths) {
      if (number === undefined) {
        const runs = await this.ports.builds.store.runs(viewer, name)
        if (runs.length > 0) return runsJson(this.base(request), name, runs)
        continue
      }
      const found = await this.find(caller, name, number, started)
      if (found !== undefined) return buildJson(this.base(request), found)
    }
    throw noSuchBuild(paths[0].name, paths[0].number)
  }

  /** What clients ask to know the number of the latest run by. */
  @Documented(buildsDocs.latest)
  @Post('patternArtifacts')
  @HttpCode(200)
  async latest(
    @CurrentCaller() caller: Caller,
    @JsonObjects() asked: readonly JsonObject[],
    @Res({ passthrough: true }) response: Response,
  ): Promise<readonly object[]> {
    const names = asked.map((each) => ({
      name: parseBuildName('buildName', each['buildName']),
      number: parseBuildName('buildNumber', each['buildNumber']),
    }))
    const found: object[] = []
    for (const { name, number } of names) {
      const run = await this.find(caller, name, number)
      found.push({ buildName: name, buildNumber: run?.number ?? '' })
    }
    const ignored = asked.flatMap(Object.keys).filter((name) => !askedFields.has(name))
    warnOfIgnored(response, [...new Set(ignored)])
    return found
  }

  @Documented(buildsDocs.append)
  @Post('append/*path')
  @HttpCode(204)
  async append(
    @Param('path') parts: PathParts,
    @CurrentCaller() caller: Caller,
    @JsonObjects() modules: readonly JsonObject[],
  ): Promise<void> {
    const { name, number } = runOf(parts)
    // Checked alone first, so that messages name places in the request.
    parseBuildInfo({ name: 'any', number: '1', started: '1970-01-01T00:00:00Z', modules })
    const run = await this.ports.builds.store.change(buildViewerOf(caller), name, number, (document) =>
      parseBuildInfo(withModules(document, modules)),
    )
    if (run === undefined) throw noSuchBuild(name, number)
    recordChange(this.ports.audit, caller, {
      action: 'build.update',
      subject: { kind: 'build', name: `${name}/${number}` },
      after: { appended: modules.length },
    })
  }

  @Documented(buildsDocs.rename)
  @Post('rename/*path')
  @HttpCode(200)
  @Header('Content-Type', 'text/plain')
  async rename(
    @Param('path') parts: PathParts,
    @Query() query: Record<string, unknown>,
    @CurrentCaller() caller: Caller,
  ): Promise<string> {
    const name = buildNameOf(parts)
    const to = parseBuildName('to', requiredText(query, 'to'))
    const count = await this.ports.builds.store.rename(buildViewerOf(caller), name, to)
    if (count === 0) throw noSuchBuild(name)
    recordChange(this.ports.audit, caller, {
      action: 'build.update',
      subject: { kind: 'build', name },
      before: { name },
      after: { name: to, runs: count },
    })
    return `Build renaming of ${JSON.stringify(name)} to ${JSON.stringify(to)} finished: ${count} runs\n`
  }

  /** @param number may be one of `latestOf`: of several runs with the number of that one, it is that very one */
  private async find(
    caller: Caller,
    name: string,
    number: string,
    started?: Date,
  ): Promise<StoredBuild | undefined> {
    const { store } = this.ports.builds
    const viewer = buildViewerOf(caller)
    if (!latestOf.has(number)) return store.find(viewer, name, number, started)
    const latest = await store.latest(viewer, name, latestOf.get(number))
    return latest && store.find(viewer, name, latest.number, started ?? latest.started)
  }

  private base(request: Request): string {
    return `${baseUrlOf(request, this.ports.publicUrl)}/artifactory/api/build`
  }
}

/** A module of an id that is there is not another one: what it lists is added to that. */
function withModules(document: BuildDocument, added: readonly JsonObject[]): BuildDocument {
  const modules = [...((document['modules'] ?? []) as readonly JsonObject[])]
  for (const module of added) {
    const at = modules.findIndex(({ id }) => id === module['id'])
    const same = modules[at]
    if (same === undefined) modules.push(module)
    else modules[at] = { ...same, ...module, ...joined(same, module, 'artifacts', 'dependencies') }
  }
  return { ...document, modules }
}

function joined(left: JsonObject, right: JsonObject, ...names: readonly string[]): JsonObject {
  const listIn = (fields: JsonObject, name: string) => (fields[name] ?? []) as readonly unknown[]
  return Object.fromEntries(names.map((name) => [name, [...listIn(left, name), ...listIn(right, name)]]))
}
