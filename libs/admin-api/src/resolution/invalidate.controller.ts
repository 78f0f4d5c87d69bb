import { RegistryError } from '@entrepot/kernel'
import { type CachePart, type ImageName, parseImageName, parseReference } from '@entrepot/oci-repository'
import { Controller, HttpCode, Inject, Post, Res } from '@nestjs/common'
import type { Response } from 'express'
import { type AdminApiPorts, adminApiPorts } from '../admin-api-ports.js'
import { type Caller, CurrentCaller } from '../caller.js'
import { noSuch } from '../http/no-such.js'
import { parseDto, unknownFieldsIn } from '../http/parse-dto.js'
import { RequestContexts } from '../items/request-contexts.js'
import { JsonBody, type JsonObject } from '../json-body.js'
import { Documented } from '../openapi/route-description.js'
import { RequiresLogin } from '../permission.js'
import { recordChange } from '../record-change.js'
import { VisibleRepositories } from '../visible-repositories.js'
import { invalidateDocs } from './resolution.docs.js'
import { InvalidateDto } from './resolution.dto.js'

interface InvalidatedPart {
  readonly image?: ImageName
  readonly tag?: string | undefined
  readonly refs?: CachePart['refs']
  /** For people. */
  readonly name: string
}

/**
 * Ends what is believed of an upstream without asking, found or missing: of a tag or digest, an image, or all of a remote.
 * What is cached stays, and is served when the upstream can't be asked.
 */
@RequiresLogin()
@Controller('artifactory/api/entrepot/invalidate')
export class InvalidateController {
  constructor(
    @Inject(adminApiPorts) private readonly ports: AdminApiPorts,
    @Inject(VisibleRepositories) private readonly visible: VisibleRepositories,
    @Inject(RequestContexts) private readonly contexts: RequestContexts,
  ) {}

  @Documented(invalidateDocs.invalidate)
  @Post()
  @HttpCode(200)
  async invalidate(
    @CurrentCaller() caller: Caller,
    @JsonBody() body: JsonObject,
    @Res({ passthrough: true }) response: Response,
  ): Promise<object> {
    const { repo, ...dto } = parseDto(InvalidateDto, body)
    // With a field that is misspelt, more would go than was meant.
    const [unknown] = unknownFieldsIn(InvalidateDto, body)
    if (unknown !== undefined) {
      const shown = JSON.stringify(unknown.slice(0, 100))
      throw invalid(`field ${shown} is unknown, expected repo, image and reference`)
    }
    if (repo === undefined) throw invalid('repo is missing')
    const part = partOf(repo, dto)
    const stored = this.visible.find(caller, repo)
    if (stored === undefined) throw noSuch('repository', repo)
    if (stored.config.rclass !== 'remote') {
      throw invalid(`${repo} is a ${stored.config.rclass} repository: only a remote one has a cache`)
    }
    const { key } = stored.config
    const mayManage =
      part.image === undefined
        ? caller.administrator
        : this.contexts.of(caller, response).may('manage', key, part.image, part.tag)
    if (!mayManage) {
      throw new RegistryError(
        'DENIED',
        `${caller.principal.name} may not manage ${part.name}${part.image === undefined ? ': all of a remote repository is for administrators' : ''}`,
      )
    }
    const now = new Date(this.ports.content.clock.now())
    const count = await this.ports.content.remoteRefs.invalidate(stored.id, part, now)
    recordChange(this.ports.audit, caller, {
      action: 'cache.invalidate',
      subject: { kind: part.image === undefined ? 'repository' : 'image', name: part.name },
      after: { invalidated: count },
    })
    return { invalidated: count }
  }
}

/** @throws RegistryError NAME_INVALID, TAG_INVALID, DIGEST_INVALID, or REQUEST_INVALID for a reference of no image */
function partOf(repo: string, { image, reference }: Omit<InvalidateDto, 'repo'>): InvalidatedPart {
  if (image === undefined) {
    if (reference !== undefined) throw invalid('reference is given without image: name its image')
    return { name: repo }
  }
  const name = `${repo}/${image}`
  if (reference === undefined) return { image: parseImageName(image), name }
  const parsed = parseReference(reference)
  return parsed.kind === 'tag'
    ? { image: parseImageName(image), tag: parsed.tag, refs: [parsed.tag], name: `${name}:${parsed.tag}` }
    : {
        image: parseImageName(image),
        refs: [parsed.digest, `blob:${parsed.digest}`],
        name: `${name}@${parsed.digest}`,
      }
}

function invalid(message: string): RegistryError {
  return new RegistryError('REQUEST_INVALID', message)
}
