import { flagOf } from '../http/query-switch.js'
import { IsCount, IsFlag, IsOneOf, IsSecretText, IsText } from '../field-rules.js'

const hundredYears = 100 * 365 * 24 * 60 * 60

/** What `POST /access/api/v1/tokens` takes, and the older `/artifactory/api/security/token`. */
export class TokenDto {
  @IsOneOf(['client_credentials', 'refresh_token']) grant_type?: 'client_credentials' | 'refresh_token'
  @IsText() username?: string
  @IsText() scope?: string
  /** In seconds; 0: for ever. */
  @IsCount(0, hundredYears) expires_in?: number
  @IsFlag() refreshable?: boolean
  @IsText() description?: string
  @IsText() audience?: string
  @IsFlag() include_reference_token?: boolean
  @IsSecretText() refresh_token?: string
  /** Beside a refresh token only, which says all. */
  @IsSecretText() access_token?: string
}

export class RevocationDto {
  @IsSecretText() token?: string
  @IsText() token_id?: string
}

/** Forms have text only. */
export function typedTokenFields(body: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { expires_in: expiresIn, refreshable, include_reference_token: withReference } = body
  return {
    ...body,
    ...(typeof expiresIn === 'string' && /^\d+$/.test(expiresIn) ? { expires_in: Number(expiresIn) } : {}),
    ...flag('refreshable', refreshable),
    ...flag('include_reference_token', withReference),
  }
}

function flag(name: string, value: unknown): Record<string, boolean> {
  const meant = typeof value === 'string' ? flagOf(value) : undefined
  return meant === undefined ? {} : { [name]: meant }
}
