import type { ManifestAddress, PromotedPlace, PromotedTag } from '@entrepot/oci-repository'
import { Controller, Header, HttpCode, Inject, Param, Post, Res } from '@nestjs/common'
import type { Response } from 'express'
import { type AdminApiPorts, adminApiPorts } from '../admin-api-ports.js'
import { type Caller, CurrentCaller } from '../caller.js'
import { noSuch } from '../http/no-such.js'
import { parseDto, unknownFieldsIn } from '../http/parse-dto.js'
import { JsonBody, type JsonObject } from '../json-body.js'
import { Documented } from '../openapi/route-description.js'
import { RequiresLogin } from '../permission.js'
import { VisibleRepositories } from '../visible-repositories.js'
import { warnOfIgnored } from '../warn-of-ignored.js'
import { findTarget } from './find-target.js'
import { noSuchItem } from './item-path.js'
import { promoteDocs } from './items.docs.js'
import { PromotionDto } from './promotion.dto.js'
import { recordTransfer, recordSurplus } from './record-transfer.js'
import { RequestContexts } from './request-contexts.js'
import { findSource } from './find-source.js'

/** Artifactory's "Promote Docker Image": a tag, or all tags of an image, from one repository into another. */
@RequiresLogin()
@Controller('artifactory/api/docker')
export class PromoteController {
  constructor(
    @Inject(adminApiPorts) private readonly ports: AdminApiPorts,
    @Inject(VisibleRepositories) private readonly visible: VisibleRepositories,
    @Inject(RequestContexts) private readonly contexts: RequestContexts,
  ) {}

  @Documented(promoteDocs.promote)
  @Post(':repository/v2/promote')
  @HttpCode(200)
  @Header('Content-Type', 'text/plain')
  async promote(
    @Param('repository') key: string,
    @CurrentCaller() caller: Caller,
    @JsonBody() body: JsonObject,
    @Res({ passthrough: true }) response: Response,
  ): Promise<string> {
    const source = findSource(this.ports, this.visible, caller, key)
    if (source === undefined) throw noSuch('repository', key)
    const asked = parseDto(PromotionDto, withoutEmpty(body))
    const context = this.contexts.of(caller, response)
    const target = findTarget(this.ports, this.visible, caller, asked.targetRepo)
    const request = {
      source,
      target,
      image: asked.dockerRepository,
      targetImage: asked.targetDockerRepository,
      tag: asked.tag,
      targetTag: asked.targetTag,
      copy: asked.copy ?? false,
    }
    let count = 0
    for await (const promoted of this.ports.content.promotion.promote(request, context)) {
      count += 1
      this.record(caller, promoted, request.copy)
    }
    const { dockerRepository, tag } = asked
    if (count === 0)
      throw noSuchItem(key, tag === undefined ? dockerRepository : `${dockerRepository}/${tag}`)
    warnOfIgnored(response, unknownFieldsIn(PromotionDto, body))
    return `Promotion ended successfully: ${count} ${count === 1 ? 'tag' : 'tags'}\n`
  }

  private record(caller: Caller, { from, to, digest, replaced, surplus }: PromotedTag, copy: boolean): void {
    const { audit } = this.ports
    const ends = { from: addressOf(from), to: addressOf(to) }
    recordTransfer(audit, caller, { ...ends, digest, replaced }, { move: !copy, origin: 'promotedFrom' })
    recordSurplus(audit, caller, `${to.repository}/${to.image}`, surplus)
  }
}

/** JFrog's clients send empty text for what they leave to the server. */
function withoutEmpty(body: JsonObject): JsonObject {
  const optional = new Set(['targetDockerRepository', 'tag', 'targetTag'])
  return Object.fromEntries(
    Object.entries(body).filter(([name, value]) => value !== '' || !optional.has(name)),
  )
}

function addressOf({ repository, image, tag }: PromotedPlace): ManifestAddress {
  return { repository, image, reference: { kind: 'tag', tag } }
}
