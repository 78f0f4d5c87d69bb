import { type AccessToken, type CreatedAccessToken, serviceId } from '@entrepot/identity'
import type { Listing } from '@entrepot/kernel'
import { nextCursor } from '../http/cursor-page.js'

const issuer = 'entrepot'

/** The answer that shows the secrets, this once. */
export function createdTokenJson(
  { token, secret, refreshToken }: CreatedAccessToken,
  withReference: boolean,
): object {
  return {
    token_id: token.id,
    access_token: secret,
    ...(refreshToken === undefined ? {} : { refresh_token: refreshToken }),
    ...(withReference ? { reference_token: secret } : {}),
    expires_in: lifetimeOf(token),
    scope: token.scope,
    token_type: 'Bearer',
    username: token.subject,
  }
}

export function tokenJson(token: AccessToken): object {
  return {
    token_id: token.id,
    subject: token.subject,
    scope: token.scope,
    audience: token.audience,
    description: token.description,
    expiry: secondsOf(token.expiresAt) ?? 0,
    issued_at: secondsOf(token.createdAt),
    issuer,
    refreshable: token.refreshable,
    created_by: token.createdBy,
    ...(token.lastUsedAt === undefined ? {} : { last_used: secondsOf(token.lastUsedAt) }),
  }
}

/** One page of them as the older API shows it, with the subjects as clients look for a user's: by what ends in `/<name>`. */
export function legacyTokensJson({ items, more }: Listing<AccessToken>): object {
  const tokens = items.map((token) => ({
    ...tokenJson(token),
    subject: `${serviceId}/users/${token.subject}`,
  }))
  return { tokens, ...nextCursor(more, items.at(-1)?.id) }
}

/** One page of them. */
export function tokensJson({ items, more }: Listing<AccessToken>): object {
  return { tokens: items.map(tokenJson), ...nextCursor(more, items.at(-1)?.id) }
}

/** What the audit trail keeps of a token. */
export function tokenAuditView({ subject, scope, audience, description, ...token }: AccessToken): object {
  const { refreshable, createdBy, expiresAt } = token
  return {
    subject,
    scope,
    audience,
    description,
    refreshable,
    created_by: createdBy,
    expires_at: expiresAt?.toISOString(),
  }
}

/** 0: for ever. */
function lifetimeOf({ createdAt, expiresAt }: AccessToken): number {
  return expiresAt === undefined ? 0 : Math.round((expiresAt.getTime() - createdAt.getTime()) / 1000)
}

function secondsOf(time: Date | undefined): number | undefined {
  return time === undefined ? undefined : Math.floor(time.getTime() / 1000)
}
