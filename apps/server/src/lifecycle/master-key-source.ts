import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { generateMasterKey, type MasterKeys, parseMasterKeys } from '@entrepot/database'
import type { Settings } from '../settings/settings.js'
import { StartupError } from './startup-error.js'

type KeySettings = Pick<Settings, 'dataDir' | 'masterKey' | 'masterKeyFile'>

/** Where the master keys of this server come from: a setting, a file that a setting names, or a file in the data folder. */
export class MasterKeySource {
  /** For who sets nothing. */
  readonly ownFile: string

  constructor(private readonly settings: KeySettings) {
    this.ownFile = join(settings.dataDir, 'master.key')
  }

  /**
   * @returns undefined when nothing is set and no key was generated yet
   * @throws StartupError when two settings contradict each other, or a file can't be read or holds no keys
   */
  async find(): Promise<MasterKeys | undefined> {
    const { masterKey, masterKeyFile } = this.settings
    if (masterKey !== undefined && masterKeyFile !== undefined) {
      throw new StartupError(
        'ENTREPOT_MASTER_KEY and ENTREPOT_MASTER_KEY_FILE are both set: leave one of them out',
      )
    }
    if (masterKey !== undefined) return masterKey
    const file = masterKeyFile ?? this.ownFile
    const text = await textOf(file)
    if (text !== undefined) return keysIn(file, text)
    if (masterKeyFile === undefined) return undefined
    throw new StartupError(`ENTREPOT_MASTER_KEY_FILE is ${file}, which is not there`)
  }

  /** Makes a key and keeps it in the data folder, for its owner alone. */
  async generate(): Promise<MasterKeys> {
    const text = generateMasterKey()
    try {
      await writeFile(this.ownFile, `${text}\n`, { flag: 'wx', mode: 0o600, flush: true })
    } catch (error) {
      throw new StartupError(
        `the master key can not be written to ${this.ownFile}: ${(error as Error).message}`,
        {
          cause: error,
        },
      )
    }
    return keysIn(this.ownFile, text)
  }
}

async function textOf(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new StartupError(`the master keys in ${file} can not be read: ${(error as Error).message}`, {
      cause: error,
    })
  }
}

function keysIn(file: string, text: string): MasterKeys {
  const keys = parseMasterKeys(text)
  if (keys !== undefined) return keys
  throw new StartupError(
    `${file} holds no master keys: expected one or more keys of 32 bytes in base64 (openssl rand -base64 32), a line each`,
  )
}
