import type { Digest } from '@entrepot/kernel'
import type { ImageName } from '@entrepot/oci-model'
import type { PushClaim, PushClaims } from '@entrepot/oci-repository'
import type { RepositoryId } from '@entrepot/repositories'
import type { Database, Statement } from '../database.js'

export class PostgresPushClaims implements PushClaims {
  constructor(private readonly database: Database) {}

  async add({ repository, image, digest, owner, expiresAt }: PushClaim): Promise<void> {
    await this.database.query(addClaim, [repository, image, digest, owner, expiresAt])
  }

  async held(
    repository: RepositoryId,
    image: ImageName,
    owner: string,
    digests: readonly Digest[],
    now: Date,
  ): Promise<readonly Digest[]> {
    const rows = await this.database.query<{ digest: Digest }>(heldClaims, [
      repository,
      image,
      owner,
      digests,
      now,
    ])
    return rows.map(({ digest }) => digest)
  }
}

/** $1 repository, $2 image, $3 digest, $4 owner, $5 expiry. Each claim clears away a few that are over. */
const addClaim: Statement = {
  name: 'push-claim-add',
  text: `
    WITH over AS MATERIALIZED (
      SELECT ctid FROM push_claims WHERE expires_at < now() ORDER BY expires_at LIMIT 4 FOR UPDATE SKIP LOCKED
    ), cleared AS (
      DELETE FROM push_claims WHERE ctid = ANY (ARRAY(SELECT ctid FROM over))
        AND (repo_id, image, digest, owner) <> ($1::int, $2::text, $3::text, $4::text)
    )
    INSERT INTO push_claims (repo_id, image, digest, owner, expires_at)
    SELECT id, $2::text, $3::text, $4::text, $5::timestamptz FROM repositories WHERE id = $1::int FOR KEY SHARE
    ON CONFLICT (repo_id, image, digest, owner) DO UPDATE SET expires_at = excluded.expires_at`,
}

const heldClaims: Statement = {
  name: 'push-claims-held',
  text: `
    SELECT digest FROM push_claims
    WHERE repo_id = $1 AND image = $2 AND owner = $3 AND digest = ANY ($4::text[]) AND expires_at > $5`,
}
