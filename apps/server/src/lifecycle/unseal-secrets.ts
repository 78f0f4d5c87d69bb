import { AesSecretBox, MasterKeyMissing, type SealingReport, type StoredSecrets } from '@entrepot/database'
import type { AuditTrail, Logger } from '@entrepot/kernel'
import type { Settings } from '../settings/settings.js'
import type { MasterKeySource } from './master-key-source.js'
import { StartupError } from './startup-error.js'

export interface Unsealed extends Pick<SealingReport, 'forgotten'> {
  readonly box: AesSecretBox
}

/**
 * Finds or makes the master key, proves that it is the one that the database's secrets were sealed with, and seals what is
 * in clear or of an old key.
 * @throws StartupError when it is another one, naming the settings
 */
export async function unsealSecrets(
  { databaseUrl, lostMasterKey }: Pick<Settings, 'databaseUrl' | 'lostMasterKey'>,
  source: Pick<MasterKeySource, 'find' | 'generate' | 'ownFile'>,
  secrets: Pick<StoredSecrets, 'keyId' | 'prepare'>,
  logger: Pick<Logger, 'info' | 'warn'>,
): Promise<Unsealed> {
  const given = await source.find()
  if (given === undefined) {
    const needed = await secrets.keyId()
    if (needed !== undefined && needed !== lostMasterKey) throw otherKey(needed, 'this server has none')
  }
  const box = new AesSecretBox(given ?? (await source.generate()))
  if (given === undefined) {
    const advice =
      databaseUrl === undefined
        ? 'keep a copy of it beside the backups of the database'
        : 'keep a copy of it, and give it to every replica (ENTREPOT_MASTER_KEY or ENTREPOT_MASTER_KEY_FILE)'
    const fields = { file: source.ownFile, keyId: box.currentId }
    logger[databaseUrl === undefined ? 'info' : 'warn'](
      fields,
      `a master key for secrets was made: ${advice}`,
    )
  }
  const { sealed, forgotten } = await prepare(box, secrets, lostMasterKey)
  if (sealed > 0) logger.info({ count: sealed, keyId: box.currentId }, 'stored secrets were sealed')
  if (forgotten.length > 0) logger.warn({ places: forgotten }, 'secrets of a lost master key were given up')
  return { box, forgotten }
}

/** Each secret that was given up is a change of settings, made by this start. */
export function recordForgotten({ forgotten }: Pick<Unsealed, 'forgotten'>, audit: AuditTrail): void {
  for (const name of forgotten) {
    audit.record({
      action: 'settings.update',
      outcome: 'ok',
      actor: 'server',
      origin: { address: 'local', requestId: '' },
      subject: { kind: 'settings', name },
      reason: 'the master key that had sealed this secret is lost: it was taken away',
    })
  }
}

async function prepare(
  box: AesSecretBox,
  secrets: Pick<StoredSecrets, 'prepare'>,
  lostMasterKey: string | undefined,
): Promise<SealingReport> {
  try {
    return await secrets.prepare(box, lostMasterKey)
  } catch (error) {
    if (error instanceof MasterKeyMissing)
      throw otherKey(error.keyId, `this server has ${box.currentId}`, error)
    throw new StartupError((error as Error).message, { cause: error })
  }
}

function otherKey(needed: string, has: string, cause?: unknown): StartupError {
  return new StartupError(
    `the secrets in this database were sealed with master key ${needed}, and ${has}. Set ENTREPOT_MASTER_KEY (or ` +
      'ENTREPOT_MASTER_KEY_FILE) as on the servers that used the database before, or copy master.key from the data folder ' +
      `of the first. If nobody has that key any more, start once with ENTREPOT_LOST_MASTER_KEY=${needed}: passwords for ` +
      'upstreams, proxies, directories and OpenID providers are then taken away and have to be entered again',
    { cause },
  )
}
