import type { Database, Queryable, Statement } from '../database.js'
import { type AesSecretBox, sealingKeyOf } from './aes-secret-box.js'
import { type ConfigTable, placeOf, secretFields } from './secret-fields.js'

/** Any number that nobody else locks in this database. */
const sealingLock = 4_127_550_320

export interface SealingReport {
  /** How many secrets were in clear, or sealed with another key, and are sealed with the current one now. */
  readonly sealed: number
  /** Whose secrets were given up with the lost key, as `table/name/field`. */
  readonly forgotten: readonly string[]
}

/** The database holds secrets of a key that this server does not have. */
export class MasterKeyMissing extends Error {
  override readonly name = 'MasterKeyMissing'

  constructor(readonly keyId: string) {
    super(`the secrets in the database were sealed with master key ${keyId}, which this server does not have`)
  }
}

interface Sealable {
  readonly list: Statement
  /** $1 name, $2 the new text, $3 the old one. */
  readonly replace: Statement
  /** $1 name, $2 the old text. */
  readonly forget: Statement
  place(name: string): string
}

/** The secrets that the database holds. */
export class StoredSecrets {
  constructor(private readonly database: Database) {}

  /** @returns the id of the key that the last server to start seals with; undefined before the first */
  async keyId(): Promise<string | undefined> {
    return keyIdIn(this.database)
  }

  /**
   * Proves that every secret can be opened, and seals those in clear or of an old key with the current one. One replica at
   * a time, all or nothing.
   * @param lostKeyId whose secrets are given up, because nobody has that key any more
   * @throws MasterKeyMissing when the database holds secrets of another key, or none yet and other replicas have another key;
   *   RegistryError UNAVAILABLE for a secret that was changed in the database
   */
  prepare(box: AesSecretBox, lostKeyId?: string): Promise<SealingReport> {
    return this.database.transaction(async (transaction) => {
      await transaction.query({ text: 'SELECT pg_advisory_xact_lock($1)' }, [sealingLock])
      const expected = await keyIdIn(transaction)
      if (expected !== undefined && expected !== lostKeyId && !box.has(expected)) {
        throw new MasterKeyMissing(expected)
      }
      const report = { sealed: 0, forgotten: [] as string[] }
      for (const sealable of sealables) await sealAll(transaction, sealable, box, lostKeyId, report)
      await transaction.query(putKeyId, [JSON.stringify(box.currentId)])
      return report
    })
  }
}

async function sealAll(
  transaction: Queryable,
  { list, replace, forget, place }: Sealable,
  box: AesSecretBox,
  lostKeyId: string | undefined,
  report: { sealed: number; forgotten: string[] },
): Promise<void> {
  for (const { name, secret } of await transaction.query<{ name: string; secret: string }>(list, [])) {
    const keyId = sealingKeyOf(secret)
    if (keyId !== undefined && !box.has(keyId)) {
      if (keyId !== lostKeyId) throw new MasterKeyMissing(keyId)
      await transaction.query(forget, [name, secret])
      report.forgotten.push(place(name))
      continue
    }
    const opened = box.open(secret, place(name))
    if (box.isCurrent(secret)) continue
    await transaction.query(replace, [name, box.seal(opened, place(name)), secret])
    report.sealed += 1
  }
}

async function keyIdIn(target: Queryable): Promise<string | undefined> {
  const [row] = await target.query<{ id: string }>(findKeyId, [])
  return row?.id
}

const findKeyId: Statement = {
  text: `SELECT value #>> '{}' AS id FROM security_settings WHERE name = 'masterKey'`,
}

const putKeyId: Statement = {
  text: `
    INSERT INTO security_settings (name, value) VALUES ('masterKey', $1::jsonb)
    ON CONFLICT (name) DO UPDATE SET value = excluded.value, revision = security_settings.revision + 1
    WHERE security_settings.value <> excluded.value`,
}

function inConfig(table: ConfigTable, nameColumn: string, path: readonly string[]): Sealable {
  const at = `'{${path.join(',')}}'`
  return {
    list: {
      text: `SELECT ${nameColumn} AS name, config #>> ${at} AS secret FROM ${table} WHERE config #>> ${at} <> ''`,
    },
    replace: {
      text: `
        UPDATE ${table} SET config = jsonb_set(config, ${at}, to_jsonb($2::text))
        WHERE ${nameColumn} = $1 AND config #>> ${at} = $3`,
    },
    forget: {
      text: `
        UPDATE ${table} SET config = config #- ${at}, revision = revision + 1
        WHERE ${nameColumn} = $1 AND config #>> ${at} = $2`,
    },
    place: (name) => placeOf(table, name, path),
  }
}

/** Where it is lost, another one is made. */
const signingKeys: Sealable = {
  list: { text: 'SELECT id AS name, private_key_pem AS secret FROM signing_keys' },
  replace: { text: 'UPDATE signing_keys SET private_key_pem = $2 WHERE id = $1 AND private_key_pem = $3' },
  forget: { text: 'DELETE FROM signing_keys WHERE id = $1 AND private_key_pem = $2' },
  place: signingKeyPlace,
}

export function signingKeyPlace(id: string): string {
  return placeOf('signing_keys', id, ['private_key_pem'])
}

const sealables: readonly Sealable[] = [
  ...(Object.keys(secretFields) as ConfigTable[]).flatMap((table) => {
    const { name, paths } = secretFields[table]
    return paths.map((path) => inConfig(table, name, path))
  }),
  signingKeys,
]
