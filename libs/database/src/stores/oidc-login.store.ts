import type { OidcLoginStore, PendingOidcLogin } from '@entrepot/identity'
import { RegistryError } from '@entrepot/kernel'
import { violates } from '../database-error.js'
import type { Database, Statement } from '../database.js'

export class PostgresOidcLoginStore implements OidcLoginStore {
  constructor(private readonly database: Database) {}

  async add(login: PendingOidcLogin, now: Date): Promise<void> {
    const { stateHash, browserHash, provider, nonce, codeVerifier, redirectUri, returnTo, expiresAt } = login
    const values = [
      stateHash,
      browserHash,
      provider,
      nonce,
      codeVerifier,
      redirectUri,
      returnTo,
      expiresAt,
      now,
    ]
    try {
      await this.database.query(addLogin, values)
    } catch (error) {
      if (!violates(error, 'oidc_logins_provider_fkey')) throw error
      throw new RegistryError('NAME_UNKNOWN', `there is no OpenID provider ${provider} any more`, {
        cause: error,
      })
    }
  }

  async take(stateHash: string, now: Date): Promise<PendingOidcLogin | undefined> {
    const [login] = await this.database.query<PendingOidcLogin>(takeLogin, [stateHash])
    return login !== undefined && login.expiresAt > now ? login : undefined
  }
}

/** Each new login takes some that were never finished away. */
const addLogin: Statement = {
  text: `
    WITH expired AS (
      DELETE FROM oidc_logins WHERE state_hash IN (
        SELECT state_hash FROM oidc_logins WHERE expires_at < $9::timestamptz
        ORDER BY expires_at LIMIT 20 FOR UPDATE SKIP LOCKED
      )
    )
    INSERT INTO oidc_logins
      (state_hash, browser_hash, provider, nonce, code_verifier, redirect_uri, return_to, expires_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
}

const takeLogin: Statement = {
  text: `
    DELETE FROM oidc_logins WHERE state_hash = $1
    RETURNING state_hash AS "stateHash", browser_hash AS "browserHash", provider, nonce,
      code_verifier AS "codeVerifier", redirect_uri AS "redirectUri", return_to AS "returnTo",
      expires_at AS "expiresAt"`,
}
