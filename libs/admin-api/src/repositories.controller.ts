import { RegistryError } from '@entrepot/kernel'
import type { RepositoryKind } from '@entrepot/repositories'
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
import { baseUrlOf } from './http/base-url.js'
import { JsonBody, type JsonObject } from './json-body.js'
import { Documented } from './openapi/route-description.js'
import { RequiresAdministrator, RequiresLogin } from './permission.js'
import { repositoriesDocs } from './repositories.docs.js'
import { RepositoryAdministration } from './repository-administration.js'
import { type RepositoryConfigurations, repositoryConfigurations } from './repository-configurations.js'
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
    @Inject(RepositoryAdministration) private readonly administration: RepositoryAdministration,
  ) {}

  @Documented(repositoriesDocs.list)
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

  @Documented(repositoriesDocs.configurations)
  @Get('configurations')
  configurations(@Query() query: Record<string, unknown>): RepositoryConfigurations {
    return repositoryConfigurations(this.ports.repositories.all(), query)
  }

  @Documented(repositoriesDocs.get)
  @RequiresLogin()
  @Get(':key')
  async get(
    @Param('key') key: string,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
    @CurrentCaller() caller: Caller,
  ): Promise<Record<string, unknown> | RepositoryListEntry> {
    const stored = await this.visible.findLatest(caller, key)
    if (stored === undefined) throw unknownRepository(key)
    const { rclass, packageType } = stored.config
    const vendorType = configurationType(rclass)
    if (request.headers.accept?.includes(vendorType) === true) response.type(vendorType)
    if (caller.administrator) return repositoryJson(stored.config)
    const entry = repositoryListEntry(stored.config, baseUrlOf(request, this.ports.publicUrl), false)
    return { ...entry, rclass, packageType }
  }

  @Documented(repositoriesDocs.create)
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
    warnOfIgnored(response, await this.administration.create(caller, [{ key, body }]))
    return `Successfully created repository '${key}' \n`
  }

  @Documented(repositoriesDocs.update)
  @Post(':key')
  @HttpCode(200)
  @Header('Content-Type', 'text/plain')
  async update(
    @Param('key') key: string,
    @CurrentCaller() caller: Caller,
    @JsonBody() body: JsonObject,
    @Res({ passthrough: true }) response: Response,
  ): Promise<string> {
    warnOfIgnored(response, await this.administration.update(caller, [{ key, body }]))
    return `Repository '${key}' update successfully.\n`
  }

  /** Clients take nothing but 200 for done. */
  @Documented(repositoriesDocs.delete)
  @Delete(':key')
  @HttpCode(200)
  @Header('Content-Type', 'text/plain')
  async delete(@Param('key') keyText: string, @CurrentCaller() caller: Caller): Promise<string> {
    const key = parseRepositoryKey(keyText)
    if (!(await this.administration.delete(caller, key))) throw unknownRepository(keyText)
    return `Repository '${key}' and all its content have been removed successfully.\n`
  }
}

/** Artifactory's name for the JSON of one repository, for those who ask for it; bodies may come under it as well. */
function configurationType(kind: RepositoryKind): string {
  const name = kind.charAt(0).toUpperCase() + kind.slice(1)
  return `application/vnd.org.jfrog.artifactory.repositories.${name}RepositoryConfiguration+json`
}

function unknownRepository(key: string): RegistryError {
  return new RegistryError('NAME_UNKNOWN', `there is no repository ${JSON.stringify(key.slice(0, 100))}`)
}
