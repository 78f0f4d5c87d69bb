import { type AuditAction, RegistryError } from '@entrepot/kernel'
import type { RepositoryConfig, RepositoryKey, StoredRepository } from '@entrepot/repositories'
import {
  Controller,
  Delete,
  Get,
  Header,
  HttpCode,
  Inject,
  Param,
  Post,
  Put,
  Query,
  Req,
  Res,
} from '@nestjs/common'
import type { Request, Response } from 'express'
import { type AdminApiPorts, adminApiPorts } from './admin-api-ports.js'
import { type Caller, CurrentCaller } from './caller.js'
import { changedConfig } from './changed-config.js'
import { baseUrlOf } from './http/base-url.js'
import { JsonBody, type JsonObject } from './json-body.js'
import { newConfig } from './new-config.js'
import { RequiresAdministrator, RequiresLogin } from './permission.js'
import { GrantCleanup } from './permissions/grant-cleanup.js'
import { recordChange } from './record-change.js'
import { unknownFieldsOf } from './repository-body.js'
import { repositoryJson } from './repository-json.js'
import { parseRepositoryKey } from './repository-key.js'
import { type RepositoryListEntry, repositoryListEntry } from './repository-list-entry.js'
import { parseRepositoryListFilter } from './repository-list-filter.js'
import { VisibleRepositories } from './visible-repositories.js'
import { warnOfIgnored } from './warn-of-ignored.js'

/**
 * Artifactory's repository configuration API; HEAD is answered by the routes of GET. Who is no administrator sees the
 * repositories in which they may read something, without the details of their configuration.
 */
@RequiresAdministrator()
@Controller('artifactory/api/repositories')
export class RepositoriesController {
  constructor(
    @Inject(adminApiPorts) private readonly ports: AdminApiPorts,
    @Inject(VisibleRepositories) private readonly visible: VisibleRepositories,
    @Inject(GrantCleanup) private readonly grants: GrantCleanup,
  ) {}

  @RequiresLogin()
  @Get()
  list(
    @Query() query: Record<string, unknown>,
    @Req() request: Request,
    @CurrentCaller() caller: Caller,
  ): readonly RepositoryListEntry[] {
    const matches = parseRepositoryListFilter(query)
    const baseUrl = baseUrlOf(request, this.ports.publicUrl)
    return this.visible
      .to(caller)
      .filter(({ config }) => matches(config))
      .map(({ config }) => repositoryListEntry(config, baseUrl, caller.administrator))
  }

  @RequiresLogin()
  @Get(':key')
  get(
    @Param('key') key: string,
    @Req() request: Request,
    @CurrentCaller() caller: Caller,
  ): Record<string, unknown> | RepositoryListEntry {
    const stored = this.visible.find(caller, key)
    if (stored === undefined) throw unknownRepository(key)
    if (caller.administrator) return repositoryJson(stored.config)
    const { rclass, packageType } = stored.config
    const entry = repositoryListEntry(stored.config, baseUrlOf(request, this.ports.publicUrl), false)
    return { ...entry, rclass, packageType }
  }

  @Put(':key')
  @HttpCode(200)
  @Header('Content-Type', 'text/plain')
  async create(
    @Param('key') keyText: string,
    @CurrentCaller() caller: Caller,
    @JsonBody() body: JsonObject,
    @Res({ passthrough: true }) response: Response,
  ): Promise<string> {
    const key = parseRepositoryKey(keyText)
    const config = newConfig(key, body, this.findKey)
    await this.ports.repositories.create(config)
    this.record(caller, 'repository.create', undefined, config)
    warnOfIgnored(response, unknownFieldsOf(config.rclass, body))
    return `Successfully created repository '${key}' \n`
  }

  @Post(':key')
  @HttpCode(200)
  @Header('Content-Type', 'text/plain')
  async update(
    @Param('key') key: string,
    @CurrentCaller() caller: Caller,
    @JsonBody() body: JsonObject,
    @Res({ passthrough: true }) response: Response,
  ): Promise<string> {
    let before: RepositoryConfig | undefined
    const { config } = await this.ports.repositories.update(key, (current) => {
      before = current
      return changedConfig(current, body, this.findKey)
    })
    this.record(caller, 'repository.update', before, config)
    warnOfIgnored(response, unknownFieldsOf(config.rclass, body))
    return `Repository '${config.key}' update successfully.\n`
  }

  /** Clients take nothing but 200 for done. */
  @Delete(':key')
  @HttpCode(200)
  @Header('Content-Type', 'text/plain')
  async delete(@Param('key') keyText: string, @CurrentCaller() caller: Caller): Promise<string> {
    const key = parseRepositoryKey(keyText)
    const before = this.find(key)?.config
    if (!(await this.ports.repositories.delete(key))) throw unknownRepository(keyText)
    this.record(caller, 'repository.delete', before, undefined)
    await this.grants.withdraw(caller, { repository: key })
    return `Repository '${key}' and all its content have been removed successfully.\n`
  }

  private find(key: string): StoredRepository | undefined {
    return this.ports.repositories.find(key)
  }

  private readonly findKey = (key: string): RepositoryKey | undefined => this.find(key)?.config.key

  private record(
    caller: Caller,
    action: AuditAction,
    before: RepositoryConfig | undefined,
    after: RepositoryConfig | undefined,
  ): void {
    recordChange(this.ports.audit, caller, {
      action,
      subject: { kind: 'repository', name: (after ?? before)?.key ?? '' },
      before: before && repositoryJson(before),
      after: after && { ...repositoryJson(after), ...passwordChange(before, after) },
    })
  }
}

/** That it changed, never what it is. */
function passwordChange(before: RepositoryConfig | undefined, after: RepositoryConfig): object {
  const passwordOf = (config: RepositoryConfig | undefined) =>
    config?.rclass === 'remote' ? config.password : ''
  return passwordOf(before) === passwordOf(after) || after.rclass !== 'remote' ? {} : { password: 'changed' }
}

function unknownRepository(key: string): RegistryError {
  return new RegistryError('NAME_UNKNOWN', `there is no repository ${JSON.stringify(key.slice(0, 100))}`)
}
