import { parseStarted } from '@entrepot/builds'
import { RegistryError } from '@entrepot/kernel'
import type { OciRepository, RequestContext, TransferEvent } from '@entrepot/oci-repository'
import { Controller, HttpCode, Inject, Param, Post, Res } from '@nestjs/common'
import type { Response } from 'express'
import { type AdminApiPorts, adminApiPorts } from '../admin-api-ports.js'
import { type Caller, CurrentCaller } from '../caller.js'
import { objectOf } from '../http/object-of.js'
import { parseDto, unknownFieldsIn } from '../http/parse-dto.js'
import { findTarget } from '../items/find-target.js'
import type { PathParts } from '../items/item-path.js'
import { recordTransferEvent } from '../items/record-transfer.js'
import { RequestContexts } from '../items/request-contexts.js'
import { type TransferMessage, transferMessages } from '../items/transfer-messages.js'
import { JsonBody, type JsonObject } from '../json-body.js'
import { Documented } from '../openapi/route-description.js'
import { RequiresUser } from '../permission.js'
import { recordChange } from '../record-change.js'
import { VisibleRepositories } from '../visible-repositories.js'
import { warnOfIgnored } from '../warn-of-ignored.js'
import { runOf } from './build-path.js'
import { BuildPromotionDto } from './build-promotion.dto.js'
import { type BuildTag, tagsOfBuild } from './build-promotion.js'
import { promoteBuildDocs } from './builds.docs.js'
import { buildViewerOf } from './build-viewer.js'
import { noSuchBuild } from './no-such-build.js'

/** Artifactory's "Build Promotion": the images that a run lists go into another repository, and the run has a new status. */
@RequiresUser()
@Controller('artifactory/api/build')
export class PromoteBuildController {
  constructor(
    @Inject(adminApiPorts) private readonly ports: AdminApiPorts,
    @Inject(VisibleRepositories) private readonly visible: VisibleRepositories,
    @Inject(RequestContexts) private readonly contexts: RequestContexts,
  ) {}

  @Documented(promoteBuildDocs.promote)
  @Post('promote/*path')
  @HttpCode(200)
  async promote(
    @Param('path') parts: PathParts,
    @CurrentCaller() caller: Caller,
    @JsonBody() body: JsonObject,
    @Res({ passthrough: true }) response: Response,
  ): Promise<object> {
    const { name, number } = runOf(parts)
    const { properties, ...rest } = body
    const asked = parseDto(BuildPromotionDto, rest)
    const set = propertiesOf(properties)
    const timestamp =
      asked.timestamp === undefined
        ? new Date(this.ports.content.clock.now())
        : parseStarted('timestamp', asked.timestamp)
    const { store } = this.ports.builds
    const build = await store.find(buildViewerOf(caller), name, number)
    if (build === undefined) throw noSuchBuild(name, number)
    const { targetRepo = '', dryRun = false, dependencies = false, artifacts = true } = asked
    const context = this.contexts.of(caller, response)
    const messages: TransferMessage[] = []
    if (targetRepo !== '') {
      const target = findTarget(this.ports, this.visible, caller, targetRepo)
      const roles = [
        ...(artifacts ? ['artifact' as const] : []),
        ...(dependencies ? ['dependency' as const] : []),
      ]
      const sourceRepo = asked.sourceRepo === '' ? undefined : asked.sourceRepo
      const tags = await tagsOfBuild(this.ports.content.finder, build, roles, { sourceRepo, target }, context)
      if (tags.length === 0) messages.push({ level: 'WARNING', message: 'no image of the build was found' })
      messages.push(...(await this.promoteTags(caller, tags, { asked, target, set }, context)))
    }
    warnOfIgnored(response, unknownFieldsIn(BuildPromotionDto, rest))
    if (dryRun) return { messages }
    const { status = '', comment, ciUser } = asked
    const repository = targetRepo === '' ? undefined : targetRepo
    const user = caller.principal.name
    await store.addStatus(build.id, { status, timestamp, comment, repository, ciUser, user })
    recordChange(this.ports.audit, caller, {
      action: 'build.promote',
      subject: { kind: 'build', name: `${name}/${number}` },
      after: { status, repository },
    })
    return { messages }
  }

  private async promoteTags(
    caller: Caller,
    tags: readonly BuildTag[],
    { asked, target, set }: Promotion,
    context: RequestContext,
  ): Promise<readonly TransferMessage[]> {
    const { copy = false, dryRun = false, failFast = true } = asked
    const { repositories, itemTransfer, itemProperties } = this.ports.content
    const messages: TransferMessage[] = []
    for (const { repository, path } of tags) {
      const source = repositories.find(repository)
      if (source === undefined) continue
      const move = !copy
      const request = {
        source,
        sourcePath: path,
        target,
        targetPath: path,
        into: false,
        move,
        dryRun,
        failFast,
      }
      const events: TransferEvent[] = []
      for await (const event of itemTransfer.run(
        await itemTransfer.plan(request, context),
        request,
        context,
      )) {
        events.push(event)
        if (!dryRun) recordTransferEvent(this.ports.audit, caller, event, { move, origin: 'promotedFrom' })
      }
      const summary = { move, dryRun, from: `${repository}:${path}`, to: `${target.key}:${path}` }
      messages.push(...transferMessages(summary, events))
      const failed = events.find((event) => event.kind === 'failed')
      if (failed !== undefined && failFast) throw failed.error
      const isDone = events.some((event) => event.kind === 'transferred')
      if (isDone && !dryRun && set.size > 0) {
        await itemProperties.change(target, path, { set, remove: [], recursive: false }, context)
      }
    }
    return messages
  }
}

interface Promotion {
  readonly asked: BuildPromotionDto
  readonly target: OciRepository
  /** On the tags at the target. */
  readonly set: ReadonlyMap<string, readonly string[]>
}

/** `{"key": ["value"]}`. @throws RegistryError REQUEST_INVALID */
function propertiesOf(given: unknown): ReadonlyMap<string, readonly string[]> {
  const entries = Object.entries(objectOf(given ?? {}, 'properties'))
  return new Map(
    entries.map(([key, values]) => {
      const list: unknown[] = Array.isArray(values) ? values : [values]
      const texts = list.filter((value) => typeof value === 'string')
      if (texts.length === list.length && list.length > 0) return [key, texts] as const
      const shown = JSON.stringify(key.slice(0, 100))
      throw new RegistryError(
        'REQUEST_INVALID',
        `properties has for ${shown} something else than a list of texts`,
      )
    }),
  )
}
