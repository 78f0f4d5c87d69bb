import { RegistryError } from '@entrepot/kernel'
import type { RepositoryKey, StoredRepository } from '@entrepot/repositories'
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
import { changedConfig } from './changed-config.js'
import { JsonBody, type JsonObject } from './json-body.js'
import { newConfig } from './new-config.js'
import { RequiresAdministrator } from './permission.js'
import { unknownFieldsOf } from './repository-body.js'
import { repositoryJson } from './repository-json.js'
import { parseRepositoryKey } from './repository-key.js'
import { type RepositoryListEntry, repositoryListEntry } from './repository-list-entry.js'
import { parseRepositoryListFilter } from './repository-list-filter.js'
import { warnOfIgnored } from './warn-of-ignored.js'

/** Artifactory's repository configuration API; HEAD is answered by the routes of GET. */
@RequiresAdministrator()
@Controller('artifactory/api/repositories')
export class RepositoriesController {
  constructor(@Inject(adminApiPorts) private readonly ports: AdminApiPorts) {}

  @Get()
  list(@Query() query: Record<string, unknown>, @Req() request: Request): readonly RepositoryListEntry[] {
    const matches = parseRepositoryListFilter(query)
    const baseUrl = this.ports.publicUrl ?? `${request.protocol}://${request.host}`
    return this.ports.repositories
      .all()
      .filter(({ config }) => matches(config))
      .map(({ config }) => repositoryListEntry(config, baseUrl))
  }

  @Get(':key')
  get(@Param('key') key: string): Record<string, unknown> {
    return repositoryJson(this.existing(key).config)
  }

  @Put(':key')
  @HttpCode(200)
  @Header('Content-Type', 'text/plain')
  async create(
    @Param('key') keyText: string,
    @JsonBody() body: JsonObject,
    @Res({ passthrough: true }) response: Response,
  ): Promise<string> {
    const key = parseRepositoryKey(keyText)
    const config = newConfig(key, body, this.findKey)
    await this.ports.repositories.create(config)
    warnOfIgnored(response, unknownFieldsOf(config.rclass, body))
    return `Successfully created repository '${key}' \n`
  }

  @Post(':key')
  @HttpCode(200)
  @Header('Content-Type', 'text/plain')
  async update(
    @Param('key') key: string,
    @JsonBody() body: JsonObject,
    @Res({ passthrough: true }) response: Response,
  ): Promise<string> {
    const { config } = await this.ports.repositories.update(key, (current) =>
      changedConfig(current, body, this.findKey),
    )
    warnOfIgnored(response, unknownFieldsOf(config.rclass, body))
    return `Repository '${config.key}' update successfully.\n`
  }

  /** Clients take nothing but 200 for done. */
  @Delete(':key')
  @HttpCode(200)
  @Header('Content-Type', 'text/plain')
  async delete(@Param('key') keyText: string): Promise<string> {
    const key = parseRepositoryKey(keyText)
    if (!(await this.ports.repositories.delete(key))) throw unknownRepository(keyText)
    return `Repository '${key}' and all its content have been removed successfully.\n`
  }

  private existing(key: string): StoredRepository {
    const stored = this.ports.repositories.find(key)
    if (stored === undefined) throw unknownRepository(key)
    return stored
  }

  private readonly findKey = (key: string): RepositoryKey | undefined =>
    this.ports.repositories.find(key)?.config.key
}

function unknownRepository(key: string): RegistryError {
  return new RegistryError('NAME_UNKNOWN', `there is no repository ${JSON.stringify(key.slice(0, 100))}`)
}
