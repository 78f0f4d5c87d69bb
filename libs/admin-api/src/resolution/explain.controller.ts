import { principalOf } from '@entrepot/identity'
import { anonymous, type Principal, RegistryError } from '@entrepot/kernel'
import {
  explainManifest,
  type ExplainedManifest,
  type ImageName,
  type OciRepository,
  parseImageName,
  parseReference,
  type Reference,
} from '@entrepot/oci-repository'
import { Controller, Get, Inject, Query, Res } from '@nestjs/common'
import type { Response } from 'express'
import { type AdminApiPorts, adminApiPorts } from '../admin-api-ports.js'
import { type Caller, CurrentCaller } from '../caller.js'
import { queryText } from '../http/cursor-page.js'
import { noSuch } from '../http/no-such.js'
import { requiredText } from '../http/required-text.js'
import { RequestContexts } from '../items/request-contexts.js'
import { Documented } from '../openapi/route-description.js'
import { RequiresLogin } from '../permission.js'
import { VisibleRepositories } from '../visible-repositories.js'
import { type ExplainedTo, explanationJson } from './explanation-json.js'
import { explainDocs } from './resolution.docs.js'

/**
 * What a pull would do now and why: `?repo=docker&image=library/alpine&reference=3.20`, for the caller, or for `&user=` when
 * an administrator asks. Nothing is changed or fetched.
 */
@RequiresLogin()
@Controller('artifactory/api/entrepot/explain')
export class ExplainController {
  constructor(
    @Inject(adminApiPorts) private readonly ports: AdminApiPorts,
    @Inject(VisibleRepositories) private readonly visible: VisibleRepositories,
    @Inject(RequestContexts) private readonly contexts: RequestContexts,
  ) {}

  @Documented(explainDocs.explain)
  @Get()
  async explain(
    @Query() query: Record<string, unknown>,
    @CurrentCaller() caller: Caller,
    @Res({ passthrough: true }) response: Response,
  ): Promise<object> {
    const key = requiredText(query, 'repo')
    const image = parseImageName(requiredText(query, 'image'))
    const reference = parseReference(requiredText(query, 'reference'))
    const other = await this.otherUser(queryText(query, 'user'), caller)
    const stored = this.visible.find(caller, key)
    const repository = stored && this.ports.content.repositories.find(key)
    if (repository === undefined) throw noSuch('repository', key)
    const context =
      other === undefined ? this.contexts.of(caller, response) : this.contexts.as(other, response)
    const mayRead = (member: OciRepository['key']) => context.mayPartly('read', member, image)
    const explained = repository.leaves.some(mayRead)
      ? await explainManifest(repository, image, reference, context)
      : refused(repository, image, context.principal)
    const told: ExplainedTo = {
      tag: reference.kind === 'tag' ? reference.tag : undefined,
      principal: context.principal,
      isAdministrator: caller.administrator,
      tells: (member) => caller.administrator || mayRead(member),
    }
    return {
      repo: key,
      image,
      reference: referenceIn(reference),
      user: context.principal.name,
      ...explanationJson(explained, image, told, this.ports),
    }
  }

  /** @throws RegistryError DENIED for who is no administrator */
  private async otherUser(name: string | undefined, caller: Caller): Promise<Principal | undefined> {
    if (name === undefined) return undefined
    if (!caller.administrator)
      throw new RegistryError('DENIED', 'only an administrator may ask for another user')
    if (name === anonymous.name) return anonymous
    const account = await this.ports.accounts.users.find(name)
    if (account === undefined) throw noSuch('user', name)
    if (account.disabled)
      throw new RegistryError('REQUEST_INVALID', `user ${account.name} is disabled and may do nothing`)
    return principalOf(account)
  }
}

function referenceIn(reference: Reference): string {
  return reference.kind === 'tag' ? reference.tag : reference.digest
}

/** As the registry refuses it, before it looks for anything. */
function refused(repository: OciRepository, image: ImageName, principal: Principal): ExplainedManifest {
  const message = `${principal.name} may read nothing of ${image} in repository ${repository.key}`
  const candidates = repository.leaves.map((member) => ({
    repository: member,
    priority: false,
    through: [],
    decisions: [{ rule: 'permission' as const, effect: 'passed' as const, message }],
  }))
  return { candidates, outcome: { kind: 'error', code: 'DENIED', message } }
}
