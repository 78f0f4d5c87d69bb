import { type CreatedAccessToken, isMeantForHere, type NewAccessToken, serviceId } from '@entrepot/identity'
import { RegistryError } from '@entrepot/kernel'
import {
  Controller,
  Delete,
  Get,
  HttpCode,
  Inject,
  Param,
  Post,
  Query,
  Req,
  Res,
  UseFilters,
} from '@nestjs/common'
import type { Request, Response } from 'express'
import { type AdminApiPorts, adminApiPorts } from '../admin-api-ports.js'
import { type Caller, CurrentCaller } from '../caller.js'
import { given } from '../http/given.js'
import { cursorPage } from '../http/cursor-page.js'
import { queryFlag } from '../http/query-flag.js'
import { parseDto, unknownFieldsIn } from '../http/parse-dto.js'
import { JsonOrFormBody, type JsonObject } from '../json-body.js'
import { Documented } from '../openapi/route-description.js'
import { OptionalLogin, RequiresUser } from '../permission.js'
import { originOf } from '../request-origin.js'
import { warnOfIgnored } from '../warn-of-ignored.js'
import { TokenAdministration } from './token-administration.js'
import { TokenErrorFilter } from './token-error-filter.js'
import { createdTokenJson, tokenJson, tokensJson } from './token-json.js'
import { RevocationDto, TokenDto, typedTokenFields } from './token.dto.js'
import { tokensDocs } from './tokens.docs.js'

const wholeUser = 'applied-permissions/user'

/** The access tokens of the Access service. */
@RequiresUser()
@UseFilters(TokenErrorFilter)
@Controller('access/api/v1/tokens')
export class TokensController {
  constructor(
    @Inject(adminApiPorts) private readonly ports: AdminApiPorts,
    @Inject(TokenAdministration) private readonly tokens: TokenAdministration,
  ) {}

  /** With `grant_type=refresh_token` the refresh token is what is shown: its access token may have expired. */
  @Documented(tokensDocs.create)
  @OptionalLogin()
  @Post()
  @HttpCode(200)
  async create(
    @CurrentCaller() caller: Caller | undefined,
    @JsonOrFormBody() body: JsonObject,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<object> {
    const dto = parseDto(TokenDto, typedTokenFields(body))
    response.setHeader('Cache-Control', 'no-store')
    const created =
      dto.grant_type === 'refresh_token'
        ? await this.tokens.refresh(refreshTokenIn(dto), originOf(request, this.ports.clientAddressOf))
        : await this.tokens.create(caller, wantedToken(dto, caller?.principal.name ?? ''))
    warnOfIgnored(response, unknownFieldsIn(TokenDto, body))
    warnOfOtherAudience(response, created)
    return createdTokenJson(created, dto.include_reference_token === true)
  }

  @Documented(tokensDocs.list)
  @Get()
  async list(@CurrentCaller() caller: Caller, @Query() query: Record<string, unknown>): Promise<object> {
    return tokensJson(await this.tokens.list(caller, cursorPage(query)))
  }

  @Documented(tokensDocs.revokeAny)
  @Post('revoke')
  @HttpCode(200)
  async revokeAny(
    @CurrentCaller() caller: Caller,
    @JsonOrFormBody() body: JsonObject,
    @Res({ passthrough: true }) response: Response,
  ): Promise<void> {
    await this.tokens.revokeEither(caller, parseDto(RevocationDto, body))
    warnOfIgnored(response, unknownFieldsIn(RevocationDto, body))
  }

  /** As Artifactory has it; the POST is of its older API. */
  @Documented(tokensDocs.deleteAny)
  @Delete('revoke')
  @HttpCode(200)
  deleteAny(
    @CurrentCaller() caller: Caller,
    @JsonOrFormBody() body: JsonObject,
    @Res({ passthrough: true }) response: Response,
  ): Promise<void> {
    return this.revokeAny(caller, body, response)
  }

  @Documented(tokensDocs.get)
  @Get(':id')
  async get(@Param('id') id: string, @CurrentCaller() caller: Caller): Promise<object> {
    return tokenJson(await this.tokens.visible(caller, id))
  }

  @Documented(tokensDocs.revoke)
  @Delete(':id')
  @HttpCode(200)
  async revoke(
    @Param('id') id: string,
    @Query() query: Record<string, unknown>,
    @CurrentCaller() caller: Caller,
  ): Promise<void> {
    await this.tokens.revoke(caller, id, queryFlag(query, 'keep_made'))
  }
}

/** Artifactory makes tokens for other services of its platform; here there is none that could take them. */
export function warnOfOtherAudience(response: Response, { token }: CreatedAccessToken): void {
  if (isMeantForHere(token.audience)) return
  response.appendHeader(
    'Warning',
    `299 - "the audience does not name ${serviceId}: the token works nowhere here"`,
  )
}

/** @param self the name of the caller, who is meant where nobody is named */
export function wantedToken(dto: TokenDto, self: string): NewAccessToken {
  return {
    subject: dto.username ?? self,
    scope: dto.scope ?? wholeUser,
    ...given<Omit<NewAccessToken, 'subject' | 'scope'>>({
      expiresInSeconds: dto.expires_in === 0 ? undefined : dto.expires_in,
      description: dto.description,
      refreshable: dto.refreshable,
      audience: dto.audience,
    }),
  }
}

export function refreshTokenIn({ refresh_token: refreshToken }: TokenDto): string {
  if (refreshToken === undefined) throw new RegistryError('REQUEST_INVALID', 'refresh_token is missing')
  return refreshToken
}
