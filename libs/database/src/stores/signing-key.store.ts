import type { SigningKeyStore, StoredSigningKey } from '@entrepot/identity'
import type { SecretBox } from '@entrepot/kernel'
import type { Database, Statement } from '../database.js'
import { SigningKeyEntity } from '../entities/signing-key.entity.js'
import { signingKeyPlace } from '../secrets/stored-secrets.js'

export class PostgresSigningKeyStore implements SigningKeyStore {
  constructor(
    private readonly database: Database,
    private readonly box: SecretBox,
  ) {}

  async list(): Promise<readonly StoredSigningKey[]> {
    const keys = await this.database.entities((manager) =>
      manager.find(SigningKeyEntity, { order: { createdAt: 'DESC', id: 'ASC' } }),
    )
    return keys.map(({ id, algorithm, privateKeyPem, createdAt }) => ({
      id,
      algorithm,
      privateKeyPem: this.box.open(privateKeyPem, signingKeyPlace(id)),
      createdAt,
    }))
  }

  async addUnlessNewer(key: StoredSigningKey, since: Date): Promise<readonly StoredSigningKey[]> {
    await this.database.transaction(async (transaction) => {
      await transaction.query(lockKeys, [])
      await transaction.query(addKey, [key.id, key.algorithm, this.sealed(key), key.createdAt, since])
    })
    return this.list()
  }

  async addAsNewest(key: StoredSigningKey): Promise<void> {
    await this.database.transaction(async (transaction) => {
      await transaction.query(lockKeys, [])
      await transaction.query(dateBack, [key.createdAt])
      await transaction.query(addKey, [key.id, key.algorithm, this.sealed(key), key.createdAt, key.createdAt])
    })
  }

  async delete(ids: readonly string[]): Promise<void> {
    await this.database.query(deleteKeys, [ids])
  }

  private sealed({ id, privateKeyPem }: StoredSigningKey): string {
    return this.box.seal(privateKeyPem, signingKeyPlace(id))
  }
}

const lockKeys: Statement = { text: 'LOCK TABLE signing_keys IN SHARE ROW EXCLUSIVE MODE' }

const addKey: Statement = {
  text: `
    INSERT INTO signing_keys (id, algorithm, private_key_pem, created_at)
    SELECT $1::text, $2::text, $3::text, $4::timestamptz
    WHERE NOT EXISTS (SELECT 1 FROM signing_keys WHERE created_at > $5::timestamptz)`,
}

const dateBack: Statement = {
  text: `
    UPDATE signing_keys SET created_at = $1::timestamptz - interval '1 millisecond'
    WHERE created_at >= $1::timestamptz`,
}

const deleteKeys: Statement = { text: 'DELETE FROM signing_keys WHERE id = ANY($1::text[])' }
