import type { OidcMapping, OidcProvider } from '@entrepot/identity'
import { RegistryError } from '@entrepot/kernel'
import { IsCount, IsFlag, IsOneOf, IsSecretText, IsText } from '../field-rules.js'
import { given } from '../http/given.js'
import { objectOf } from '../http/object-of.js'
import { parseDto, unknownFieldsIn } from '../http/parse-dto.js'
import { requireUnchanged } from '../http/require-unchanged.js'
import type { JsonObject } from '../json-body.js'

const aDay = 24 * 60 * 60

/** Artifactory's OIDC configuration; all from `client_id` on is ours. */
export class OidcProviderDto {
  @IsText() name?: string
  @IsText() issuer_url?: string
  @IsText() provider_type?: string
  @IsText() audience?: string
  @IsText() description?: string
  @IsText() client_id?: string
  @IsSecretText() client_secret?: string
  @IsOneOf(['id-token', 'access-token']) token_type?: 'id-token' | 'access-token'
  @IsText() name_claim?: string
  @IsText() groups_claim?: string
  @IsFlag() matches_accounts?: boolean
  @IsCount(60, aDay) login_seconds?: number
  @IsFlag() allow_insecure_http?: boolean
}

export class OidcMappingDto {
  @IsText() name?: string
  @IsText() description?: string
  @IsCount(0, 1_000_000) priority?: number
}

export class OidcTokenSpecDto {
  @IsText() username?: string
  @IsText() scope?: string
  @IsText() audience?: string
  @IsCount(60, aDay) expires_in?: number
}

export class OidcExchangeDto {
  @IsText() grant_type?: string
  @IsText() subject_token_type?: string
  @IsSecretText() subject_token?: string
  @IsText() provider_name?: string
  @IsText() identity_mapping_name?: string
}

const noProvider: Omit<OidcProvider, 'name' | 'issuer'> = {
  description: '',
  providerType: 'generic',
  client: undefined,
  audience: undefined,
  tokenType: 'id-token',
  nameClaim: 'preferred_username',
  groupsClaim: undefined,
  matchesAccounts: false,
  loginSeconds: 3600,
  allowInsecureHttp: false,
}

/** Last parts of paths beside `/access/api/v1/oidc/{name}`. */
const reserved = new Set(['callback', 'login', 'token'])

/** @throws RegistryError REQUEST_INVALID */
export function refuseReservedName(name: string): void {
  if (reserved.has(name)) throw new RegistryError('REQUEST_INVALID', `the name "${name}" is reserved`)
}

/** @throws RegistryError REQUEST_INVALID */
export function newOidcProvider(dto: OidcProviderDto): OidcProvider {
  const { name, issuer_url: issuer } = dto
  if (name === undefined) throw missing('name')
  if (issuer === undefined) throw missing('issuer_url')
  return changedOidcProvider({ ...noProvider, name, issuer }, dto)
}

/**
 * What is absent stays, empty text takes an optional value away. The client secret stays only as long as it goes to the same
 * issuer for the same client.
 */
export function changedOidcProvider(current: OidcProvider, dto: OidcProviderDto): OidcProvider {
  const next = {
    ...current,
    ...given<Partial<OidcProvider>>({
      issuer: dto.issuer_url,
      providerType: dto.provider_type,
      description: dto.description,
      tokenType: dto.token_type,
      nameClaim: dto.name_claim,
      matchesAccounts: dto.matches_accounts,
      loginSeconds: dto.login_seconds,
      allowInsecureHttp: dto.allow_insecure_http,
    }),
    ...(dto.audience === undefined ? {} : { audience: dto.audience || undefined }),
    ...(dto.groups_claim === undefined ? {} : { groupsClaim: dto.groups_claim || undefined }),
  }
  return { ...next, client: clientOf(current, next.issuer, dto) }
}

function clientOf(current: OidcProvider, issuer: string, dto: OidcProviderDto): OidcProvider['client'] {
  const id = dto.client_id ?? current.client?.id ?? ''
  if (id === '') return undefined
  const isSame = id === current.client?.id && issuer === current.issuer
  return { id, secret: dto.client_secret || (isSame ? current.client?.secret : undefined) }
}

/** `{name, description, priority, claims, token_spec}`. @throws RegistryError REQUEST_INVALID */
export function parseOidcMapping(
  body: JsonObject,
  nameInUrl?: string,
): { mapping: OidcMapping; ignored: readonly string[] } {
  const { claims, token_spec: tokenSpec, ...rest } = body
  const dto = parseDto(OidcMappingDto, rest)
  const spec = objectOf(tokenSpec ?? {}, 'token_spec')
  const token = parseDto(OidcTokenSpecDto, spec, 'token_spec.')
  const name = nameInUrl ?? dto.name
  if (name === undefined) throw missing('name')
  requireUnchanged('name', dto.name, name)
  return {
    mapping: {
      name,
      description: dto.description ?? '',
      priority: dto.priority ?? 1,
      claims: claimsIn(claims),
      token: {
        username: token.username || undefined,
        scope: token.scope ?? 'applied-permissions/user',
        audience: token.audience || undefined,
        expiresInSeconds: token.expires_in ?? 60,
      },
    },
    ignored: [
      ...unknownFieldsIn(OidcMappingDto, rest),
      ...unknownFieldsIn(OidcTokenSpecDto, spec, 'token_spec.'),
    ],
  }
}

function claimsIn(value: unknown): OidcMapping['claims'] {
  const claims = objectOf(value ?? {}, 'claims')
  for (const [name, wanted] of Object.entries(claims)) {
    const values: readonly unknown[] = Array.isArray(wanted) ? wanted : [wanted]
    if (values.every((one) => typeof one === 'string')) continue
    throw new RegistryError(
      'REQUEST_INVALID',
      `claims.${name.slice(0, 100)} is neither text nor a list of texts`,
    )
  }
  return claims as OidcMapping['claims']
}

function missing(field: string): RegistryError {
  return new RegistryError('REQUEST_INVALID', `${field} is missing`)
}
