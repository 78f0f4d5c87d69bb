import { Controller, Get, Header, HttpCode, Inject, Post, Query, Req, Res } from '@nestjs/common'
import type { Request, Response } from 'express'
import { type AdminApiPorts, adminApiPorts } from '../admin-api-ports.js'
import { type Caller, CurrentCaller } from '../caller.js'
import { cursorPage } from '../http/cursor-page.js'
import { parseDto, unknownFieldsIn } from '../http/parse-dto.js'
import { JsonOrFormBody, type JsonObject } from '../json-body.js'
import { Documented } from '../openapi/route-description.js'
import { OptionalLogin, RequiresUser } from '../permission.js'
import { originOf } from '../request-origin.js'
import { warnOfIgnored } from '../warn-of-ignored.js'
import { scopeOfLegacy } from './legacy-scope.js'
import { TokenAdministration } from './token-administration.js'
import { createdTokenJson, legacyTokensJson } from './token-json.js'
import { RevocationDto, TokenDto, typedTokenFields } from './token.dto.js'
import { refreshTokenIn, wantedToken, warnOfOtherAudience } from './tokens.controller.js'
import { legacyTokensDocs } from './tokens.docs.js'

/** Artifactory's default for these. */
const defaultLifetimeSeconds = 3600

/** Artifactory's older token API: forms, with scopes of groups. */
@RequiresUser()
@Controller('artifactory/api/security/token')
export class LegacyTokensController {
  constructor(
    @Inject(adminApiPorts) private readonly ports: AdminApiPorts,
    @Inject(TokenAdministration) private readonly tokens: TokenAdministration,
  ) {}

  @Documented(legacyTokensDocs.create)
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
    if (dto.grant_type === 'refresh_token') {
      const origin = originOf(request, this.ports.clientAddressOf)
      return createdTokenJson(await this.tokens.refresh(refreshTokenIn(dto), origin), false)
    }
    const wanted = wantedToken(dto, caller?.principal.name ?? '')
    const created = await this.tokens.create(caller, {
      ...wanted,
      scope: scopeOfLegacy(wanted.scope),
      ...(dto.expires_in === undefined ? { expiresInSeconds: defaultLifetimeSeconds } : {}),
    })
    warnOfIgnored(response, unknownFieldsIn(TokenDto, body))
    warnOfOtherAudience(response, created)
    return createdTokenJson(created, false)
  }

  @Documented(legacyTokensDocs.list)
  @Get()
  async list(@CurrentCaller() caller: Caller, @Query() query: Record<string, unknown>): Promise<object> {
    return legacyTokensJson(await this.tokens.list(caller, cursorPage(query)))
  }

  @Documented(legacyTokensDocs.revoke)
  @Post('revoke')
  @HttpCode(200)
  @Header('Content-Type', 'text/plain')
  async revoke(
    @CurrentCaller() caller: Caller,
    @JsonOrFormBody() body: JsonObject,
    @Res({ passthrough: true }) response: Response,
  ): Promise<string> {
    await this.tokens.revokeEither(caller, parseDto(RevocationDto, body))
    warnOfIgnored(response, unknownFieldsIn(RevocationDto, body))
    return 'Token revoked'
  }
}
