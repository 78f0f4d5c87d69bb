import { parseBuildName, parseStarted, type RunSelection } from '@entrepot/builds'
import { RegistryError } from '@entrepot/kernel'
import { Controller, Delete, Header, HttpCode, Inject, Param, Post, Query, Res } from '@nestjs/common'
import type { Response } from 'express'
import { type AdminApiPorts, adminApiPorts } from '../admin-api-ports.js'
import { type Caller, CurrentCaller } from '../caller.js'
import { queryText } from '../http/cursor-page.js'
import { parseDto, unknownFieldsIn } from '../http/parse-dto.js'
import { queryFlag } from '../http/query-flag.js'
import type { PathParts } from '../items/item-path.js'
import { JsonBody, type JsonObject } from '../json-body.js'
import { Documented } from '../openapi/route-description.js'
import { RequiresUser } from '../permission.js'
import { recordChange } from '../record-change.js'
import { warnOfIgnored } from '../warn-of-ignored.js'
import { DeleteBuildsDto, RetentionDto } from './build-removal.dto.js'
import { buildNameOf } from './build-path.js'
import { warnOfProject } from './build-queries.js'
import { buildViewerOf } from './build-viewer.js'
import { removeBuildsDocs } from './builds.docs.js'
import { noSuchBuild } from './no-such-build.js'

/** Deleting runs of builds, as far as the caller published them; administrators anybody's. */
@RequiresUser()
@Controller('artifactory/api/build')
export class RemoveBuildsController {
  constructor(@Inject(adminApiPorts) private readonly ports: AdminApiPorts) {}

  @Documented(removeBuildsDocs.deleteListed)
  @Post('delete')
  @HttpCode(200)
  @Header('Content-Type', 'text/plain')
  async deleteListed(
    @CurrentCaller() caller: Caller,
    @JsonBody() body: JsonObject,
    @Res({ passthrough: true }) response: Response,
  ): Promise<string> {
    const { project, buildName, buildNumbers, deleteArtifacts, deleteAll } = parseDto(DeleteBuildsDto, body)
    const name = parseBuildName('buildName', buildName)
    const selection = selectionOf(buildNumbers, deleteAll ?? false, 'buildNumbers', 'deleteAll')
    refuseArtifacts('deleteArtifacts', deleteArtifacts)
    const count = await this.remove(caller, name, selection)
    if (count === 0) throw noSuchBuild(name)
    warnOfProject({}, response, project)
    warnOfIgnored(response, unknownFieldsIn(DeleteBuildsDto, body))
    return deletedText(count)
  }

  @Documented(removeBuildsDocs.delete)
  @Delete('*path')
  @HttpCode(200)
  @Header('Content-Type', 'text/plain')
  async delete(
    @Param('path') parts: PathParts,
    @Query() query: Record<string, unknown>,
    @CurrentCaller() caller: Caller,
    @Res({ passthrough: true }) response: Response,
  ): Promise<string> {
    const name = buildNameOf(parts)
    const numbers = queryText(query, 'buildNumbers')?.split(',')
    const selection = selectionOf(numbers, queryFlag(query, 'deleteAll'), 'buildNumbers', 'deleteAll')
    refuseArtifacts('artifacts', queryFlag(query, 'artifacts'))
    const count = await this.remove(caller, name, selection)
    if (count === 0) throw noSuchBuild(name)
    warnOfProject(query, response)
    return deletedText(count)
  }

  /** Nothing to discard is no error. */
  @Documented(removeBuildsDocs.retain)
  @Post('retention/*path')
  @HttpCode(204)
  async retain(
    @Param('path') parts: PathParts,
    @Query() query: Record<string, unknown>,
    @CurrentCaller() caller: Caller,
    @JsonBody() body: JsonObject,
    @Res({ passthrough: true }) response: Response,
  ): Promise<void> {
    const name = buildNameOf(parts)
    const { count, ...rest } = body
    const dto = parseDto(RetentionDto, rest)
    queryFlag(query, 'async')
    const butLast = countOf(count)
    const startedBefore =
      dto.minimumBuildDate === undefined ? undefined : parseStarted('minimumBuildDate', dto.minimumBuildDate)
    if (butLast === undefined && startedBefore === undefined) {
      throw new RegistryError(
        'REQUEST_INVALID',
        'count and minimumBuildDate are missing, expected one of them',
      )
    }
    refuseArtifacts('deleteBuildArtifacts', dto.deleteBuildArtifacts)
    const viewer = buildViewerOf(caller)
    if ((await this.ports.builds.store.runs(viewer, name)).length === 0) throw noSuchBuild(name)
    const butNumbers = dto.buildNumbersNotToBeDiscarded
    await this.remove(caller, name, { butLast, startedBefore, butNumbers })
    warnOfProject(query, response)
    warnOfIgnored(response, unknownFieldsIn(RetentionDto, rest))
  }

  private async remove(caller: Caller, name: string, selection: RunSelection): Promise<number> {
    const gone = await this.ports.builds.store.delete(buildViewerOf(caller), name, selection)
    if (gone.length > 0) {
      recordChange(this.ports.audit, caller, {
        action: 'build.delete',
        subject: { kind: 'build', name },
        before: { numbers: gone.map(({ number }) => number) },
      })
    }
    return gone.length
  }
}

function selectionOf(
  numbers: readonly string[] | undefined,
  all: boolean,
  numbersField: string,
  allField: string,
): RunSelection {
  if (all) return {}
  if (numbers !== undefined && numbers.length > 0) return { numbers }
  const message = `${numbersField} is missing, expected the numbers of runs, or ${allField} for all of them`
  throw new RegistryError('REQUEST_INVALID', message)
}

/** JFrog's clients send a number as text. */
function countOf(value: unknown): number | undefined {
  if (value === undefined || value === null || value === '') return undefined
  const count = typeof value === 'string' && /^\d{1,6}$/.test(value) ? Number(value) : value
  if (typeof count === 'number' && Number.isInteger(count) && count >= 0 && count <= 1_000_000) return count
  const shown = JSON.stringify(value).slice(0, 100)
  throw new RegistryError('REQUEST_INVALID', `count is ${shown}, expected a whole number from 0 to 1000000`)
}

/** What a build lists may be in other builds and in use: it is deleted as the items that it is. */
function refuseArtifacts(field: string, value: boolean | undefined): void {
  if (value !== true) return
  throw new RegistryError(
    'REQUEST_INVALID',
    `${field} is true, expected false: delete the images of a build as items, then the build`,
  )
}

function deletedText(count: number): string {
  return `${count} ${count === 1 ? 'run was' : 'runs were'} deleted\n`
}
