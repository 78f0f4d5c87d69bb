import { RegistryError } from '@entrepot/kernel'
import { Controller, Header, HttpCode, Inject, Post, Put, Res } from '@nestjs/common'
import type { Response } from 'express'
import { type Caller, CurrentCaller } from './caller.js'
import { type JsonObject, JsonObjects } from './json-body.js'
import { Documented } from './openapi/route-description.js'
import { RequiresAdministrator } from './permission.js'
import { repositoryBatchDocs } from './repositories.docs.js'
import { RepositoryAdministration } from './repository-administration.js'
import { parseRepositoryKey } from './repository-key.js'
import { warnOfIgnored } from './warn-of-ignored.js'

/** Several repositories by one request, each with its `key`: all of them are made or changed, or none. */
@RequiresAdministrator()
@Controller('artifactory/api/v2/repositories')
export class RepositoryBatchController {
  constructor(@Inject(RepositoryAdministration) private readonly administration: RepositoryAdministration) {}

  /** Clients take nothing but 201 for done. */
  @Documented(repositoryBatchDocs.create)
  @Put('batch')
  @HttpCode(201)
  @Header('Content-Type', 'text/plain')
  async create(
    @CurrentCaller() caller: Caller,
    @JsonObjects() bodies: readonly JsonObject[],
    @Res({ passthrough: true }) response: Response,
  ): Promise<string> {
    const entries = bodies.map((body, position) => {
      return { key: parseRepositoryKey(keyOf(body, position)), body }
    })
    warnOfIgnored(response, await this.administration.create(caller, entries))
    return `Successfully created ${entries.length} repositories.\n`
  }

  /** Clients take nothing but 200 for done. */
  @Documented(repositoryBatchDocs.update)
  @Post('batch')
  @HttpCode(200)
  @Header('Content-Type', 'text/plain')
  async update(
    @CurrentCaller() caller: Caller,
    @JsonObjects() bodies: readonly JsonObject[],
    @Res({ passthrough: true }) response: Response,
  ): Promise<string> {
    const entries = bodies.map((body, position) => ({ key: keyOf(body, position), body }))
    warnOfIgnored(response, await this.administration.update(caller, entries))
    return `Successfully updated ${entries.length} repositories.\n`
  }
}

/** Here the URL names none. */
function keyOf({ key }: JsonObject, position: number): string {
  if (typeof key === 'string') return key
  throw new RegistryError(
    'REQUEST_INVALID',
    `key of the object at position ${position} is missing, expected text`,
  )
}
