import type { CreatedAccessToken } from '@entrepot/identity'
import { isRegistryError, RegistryError } from '@entrepot/kernel'
import { Controller, Get, HttpCode, Inject, Param, Post, Query, Req, Res } from '@nestjs/common'
import type { Request, Response } from 'express'
import { type AdminApiPorts, adminApiPorts } from '../admin-api-ports.js'
import { baseUrlOf } from '../http/base-url.js'
import { queryText } from '../http/cursor-page.js'
import { parseDto, unknownFieldsIn } from '../http/parse-dto.js'
import { JsonOrFormBody, type JsonObject } from '../json-body.js'
import { Documented } from '../openapi/route-description.js'
import { Public } from '../permission.js'
import { originOf } from '../request-origin.js'
import { createdTokenJson, tokenAuditView } from '../tokens/token-json.js'
import { warnOfIgnored } from '../warn-of-ignored.js'
import { oidcLoginsDocs } from './oidc.docs.js'
import { OidcExchangeDto } from './oidc.dto.js'

const root = '/access/api/v1/oidc'
const cookieName = 'entrepot-oidc-login'
const exchangeGrant = 'urn:ietf:params:oauth:grant-type:token-exchange'
const issuedTokenType = 'urn:ietf:params:oauth:token-type:access_token'

/** Tokens of this registry for what an OpenID provider says: for people who log in there, and for jobs of a CI system. */
@Public()
@Controller('access/api/v1/oidc')
export class OidcLoginsController {
  constructor(@Inject(adminApiPorts) private readonly ports: AdminApiPorts) {}

  /** RFC 8693, as Artifactory has it. */
  @Documented(oidcLoginsDocs.exchange)
  @Post('token')
  @HttpCode(200)
  async exchange(
    @JsonOrFormBody() body: JsonObject,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<object> {
    const dto = parseDto(OidcExchangeDto, body)
    const { provider_name: provider, subject_token: subjectToken, grant_type: grant } = dto
    if (grant !== undefined && grant !== exchangeGrant) {
      throw new RegistryError('REQUEST_INVALID', `grant_type is not ${exchangeGrant}`)
    }
    if (provider === undefined || subjectToken === undefined) {
      throw new RegistryError('REQUEST_INVALID', 'provider_name or subject_token is missing')
    }
    response.setHeader('Cache-Control', 'no-store')
    const mapping = dto.identity_mapping_name
    const created = await this.recorded(request, provider, () =>
      this.ports.openId.exchange.exchange({ provider, subjectToken, mapping }),
    )
    warnOfIgnored(response, unknownFieldsIn(OidcExchangeDto, body))
    return { ...createdTokenJson(created, false), issued_token_type: issuedTokenType }
  }

  /** Sends the browser to the provider; `return_to` is a path here. */
  @Documented(oidcLoginsDocs.begin)
  @Get('login/:provider')
  async begin(
    @Param('provider') provider: string,
    @Query() query: Record<string, unknown>,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const base = baseUrlOf(request, this.ports.publicUrl)
    const returnTo = queryText(query, 'return_to') ?? '/'
    const login = await this.ports.openId.login.begin(
      provider,
      returnTo,
      `${base}${root}/callback/${provider}`,
    )
    response
      .cookie(cookieName, login.browserSecret, {
        httpOnly: true,
        sameSite: 'lax',
        secure: base.startsWith('https:'),
        path: root,
        maxAge: login.expiresInSeconds * 1000,
      })
      .setHeader('Cache-Control', 'no-store')
    response.redirect(302, login.location)
  }

  /** Where the provider sends the browser back: an address of its own, as it has to be registered there. */
  @Documented(oidcLoginsDocs.complete)
  @Get('callback/:provider')
  async complete(
    @Param('provider') provider: string,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<object> {
    const at = request.originalUrl.indexOf('?')
    const query = at < 0 ? '' : request.originalUrl.slice(at + 1)
    response.clearCookie(cookieName, { path: root })
    response.setHeader('Cache-Control', 'no-store')
    const completed = await this.recorded(request, provider, () =>
      this.ports.openId.login.complete(provider, query, cookieIn(request)),
    )
    return { ...createdTokenJson(completed, false), return_to: completed.returnTo }
  }

  private async recorded<T extends CreatedAccessToken>(
    request: Request,
    provider: string,
    work: () => Promise<T>,
  ): Promise<T> {
    const origin = originOf(request, this.ports.clientAddressOf)
    try {
      const created = await work()
      const { token } = created
      const subject = { kind: 'token', name: token.id }
      const actor = token.subject
      const { audit } = this.ports
      audit.record({ action: 'login', outcome: 'ok', actor, realm: token.createdBy, origin })
      const after = tokenAuditView(token)
      audit.record({
        action: 'token.create',
        outcome: 'ok',
        actor,
        realm: token.createdBy,
        origin,
        subject,
        after,
      })
      return created
    } catch (error) {
      const outcome = isRegistryError(error, 'UNAUTHORIZED', 'DENIED') ? 'refused' : 'failed'
      const reason = isRegistryError(error) ? error.message : 'internal error'
      this.ports.audit.record({
        action: 'login',
        outcome,
        actor: `oidc/${provider.slice(0, 160)}`,
        origin,
        reason,
      })
      throw error
    }
  }
}

function cookieIn({ headers }: Request): string {
  const pairs = (headers.cookie ?? '').split(';').map((pair) => pair.trim())
  return pairs.find((pair) => pair.startsWith(`${cookieName}=`))?.slice(cookieName.length + 1) ?? ''
}
