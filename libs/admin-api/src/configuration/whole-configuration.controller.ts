import type { IncomingMessage } from 'node:http'
import {
  Controller,
  createParamDecorator,
  type ExecutionContext,
  Get,
  HttpCode,
  Inject,
  Post,
  Req,
  Res,
} from '@nestjs/common'
import type { Request, Response } from 'express'
import { type AdminApiPorts, adminApiPorts } from '../admin-api-ports.js'
import { type Caller, CurrentCaller } from '../caller.js'
import { type JsonObject, parseJsonObject, readText } from '../json-body.js'
import { RequiresAdministrator } from '../permission.js'
import { Documented } from '../openapi/route-description.js'
import { wholeConfigurationDocs } from './whole-configuration.docs.js'
import { ConfigurationAdministration } from './configuration-administration.js'
import { type ConfigurationDifference, differenceJson, differenceText } from './difference.js'
import { configurationYaml } from './export-configuration.js'
import { parseYamlObject } from '../http/yaml-text.js'

const json = 'application/json'

/** No form of another site can claim to be one of these without a CORS preflight. RFC 9512 and what was used before it. */
const documentTypes = ['application/yaml', 'application/x-yaml', 'text/yaml', json]

/** A document of at most 1 MiB. */
const DocumentBody = createParamDecorator(async (_data: unknown, context: ExecutionContext) => {
  const { mediaType, text } = await readText(
    context.switchToHttp().getRequest<IncomingMessage>(),
    documentTypes,
  )
  return mediaType === json ? parseJsonObject(text) : parseYamlObject(text)
})

/** All that is administered, as one document to be kept beside the code of other things. */
@RequiresAdministrator()
@Controller('artifactory/api/entrepot/config')
export class WholeConfigurationController {
  constructor(
    @Inject(adminApiPorts) private readonly ports: AdminApiPorts,
    @Inject(ConfigurationAdministration) private readonly configuration: ConfigurationAdministration,
  ) {}

  /** YAML, or JSON for who asks for it. */
  @Documented(wholeConfigurationDocs.get)
  @Get()
  async get(@Req() request: Request, @Res() response: Response): Promise<void> {
    const document = await this.configuration.export()
    if (request.accepts(['application/yaml', json]) === json) response.json(document)
    else response.type('application/yaml').send(configurationYaml(document))
  }

  /** What `apply` would do now. */
  @Documented(wholeConfigurationDocs.diff)
  @Post('diff')
  @HttpCode(200)
  async diff(
    @DocumentBody() document: JsonObject,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const difference = await this.configuration.diff(document, this.ports.configuration.secrets)
    answer(request, response, difference, false)
  }

  /** All of it, or nothing. */
  @Documented(wholeConfigurationDocs.apply)
  @Post('apply')
  @HttpCode(200)
  async apply(
    @CurrentCaller() { principal, origin }: Caller,
    @DocumentBody() document: JsonObject,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const author = { actor: principal.name, realm: principal.realm, origin }
    const difference = await this.configuration.apply(document, this.ports.configuration.secrets, author)
    answer(request, response, difference, true)
  }
}

/** Text for people, or JSON for who asks for it. */
function answer(
  request: Request,
  response: Response,
  difference: ConfigurationDifference,
  done: boolean,
): void {
  if (request.accepts(['text/plain', json]) === json) response.json(differenceJson(difference))
  else response.type('text/plain').send(differenceText(difference, done))
}
