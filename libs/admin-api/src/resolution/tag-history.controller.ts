import { parseDigest, RegistryError } from '@entrepot/kernel'
import {
  type ImageName,
  type OciRepository,
  parseImageName,
  parseTag,
  type Tag,
} from '@entrepot/oci-repository'
import { Controller, Get, HttpCode, Inject, Param, Post, Query, Res } from '@nestjs/common'
import type { Response } from 'express'
import { type AdminApiPorts, adminApiPorts } from '../admin-api-ports.js'
import { type Caller, CurrentCaller } from '../caller.js'
import { cursorPage, nextCursor } from '../http/cursor-page.js'
import { noSuch } from '../http/no-such.js'
import { parseDto, unknownFieldsIn } from '../http/parse-dto.js'
import { itemPathOf, type PathParts } from '../items/item-path.js'
import { RequestContexts } from '../items/request-contexts.js'
import { JsonBody, type JsonObject } from '../json-body.js'
import { Documented } from '../openapi/route-description.js'
import { RequiresLogin } from '../permission.js'
import { recordChange } from '../record-change.js'
import { VisibleRepositories } from '../visible-repositories.js'
import { warnOfIgnored } from '../warn-of-ignored.js'
import { tagHistoryDocs } from './resolution.docs.js'
import { UndoDto } from './resolution.dto.js'

interface NamedTag {
  readonly repository: OciRepository
  readonly image: ImageName
  readonly tag: Tag
  /** `repository/image:tag` */
  readonly name: string
}

const eventId = /^[1-9]\d{0,17}$/

/** What tags pointed to before and who moved them, for who may read them; and putting them back. */
@RequiresLogin()
@Controller('artifactory/api/entrepot/tags')
export class TagHistoryController {
  constructor(
    @Inject(adminApiPorts) private readonly ports: AdminApiPorts,
    @Inject(VisibleRepositories) private readonly visible: VisibleRepositories,
    @Inject(RequestContexts) private readonly contexts: RequestContexts,
  ) {}

  @Documented(tagHistoryDocs.history)
  @Get(':repository/*path/history')
  async history(
    @Param('repository') key: string,
    @Param('path') parts: PathParts,
    @Query() query: Record<string, unknown>,
    @CurrentCaller() caller: Caller,
    @Res({ passthrough: true }) response: Response,
  ): Promise<object> {
    const { repository, image, tag, name } = this.tagOf(key, parts, caller)
    const page = cursorPage(query)
    if (page.after !== undefined && !eventId.test(page.after)) {
      const shown = JSON.stringify(page.after.slice(0, 100))
      throw new RegistryError('REQUEST_INVALID', `cursor is ${shown}, expected that of the page before`)
    }
    const context = this.contexts.of(caller, response)
    const { items, more } = await this.ports.content.tagHistory.of(repository, image, tag, page, context)
    const last = items.at(-1)
    if (last === undefined && page.after === undefined) throw noSuch('tag', name)
    return {
      events: items.map(({ id, at, actor, from, to, fromIsStored }) => ({
        id,
        at: at.toISOString(),
        actor,
        from,
        to,
        from_is_stored: fromIsStored,
      })),
      ...nextCursor(more, last?.id),
    }
  }

  @Documented(tagHistoryDocs.undo)
  @Post(':repository/*path/undo')
  @HttpCode(200)
  async undo(
    @Param('repository') key: string,
    @Param('path') parts: PathParts,
    @CurrentCaller() caller: Caller,
    @JsonBody() body: JsonObject,
    @Res({ passthrough: true }) response: Response,
  ): Promise<object> {
    const { repository, image, tag, name } = this.tagOf(key, parts, caller)
    const { to } = parseDto(UndoDto, body)
    if (to === undefined) {
      throw new RegistryError(
        'REQUEST_INVALID',
        'to is missing: the digest that the tag is to point to again',
      )
    }
    const context = this.contexts.of(caller, response)
    const { tagHistory } = this.ports.content
    const { digest, moved } = await tagHistory.putBack(repository, image, tag, parseDigest(to), context)
    const from = moved.at(0)?.from
    recordChange(this.ports.audit, caller, {
      action: 'tag.restore',
      subject: { kind: 'image', name },
      before: { digest: from },
      after: { digest },
    })
    warnOfIgnored(response, unknownFieldsIn(UndoDto, body))
    return { repo: key, image, tag, from, to: digest }
  }

  /** @throws HttpException 404 for a repository that the caller may not know of */
  private tagOf(key: string, parts: PathParts, caller: Caller): NamedTag {
    const path = itemPathOf(key, parts)
    const stored = this.visible.find(caller, key)
    const repository = stored && this.ports.content.repositories.find(key)
    if (repository === undefined) throw noSuch('repository', key)
    const slash = path.lastIndexOf('/')
    const image = parseImageName(path.slice(0, Math.max(slash, 0)))
    const tag = parseTag(path.slice(slash + 1))
    return { repository, image, tag, name: `${key}/${image}:${tag}` }
  }
}
