import { constants } from 'node:fs'
import { open, realpath } from 'node:fs/promises'
import { isAbsolute, resolve, sep } from 'node:path'
import type { FoundSecret, SecretReference, SecretSource } from '@entrepot/admin-api'

/** What a document that came over the network may name. */
export const secretVariablePrefix = 'ENTREPOT_SECRET_'

/** A password; a longer file is something else. */
const maximumBytes = 65_536

const absent: FoundSecret = { kind: 'absent' }

export interface SecretPlaces {
  readonly environment: Readonly<Record<string, string | undefined>>
  /** For documents from the network: the files in this folder, none when undefined. */
  readonly folder: string | undefined
}

/** For a document that lies on this server: who put it there can read what the server reads. */
export class EverySecret implements SecretSource {
  constructor(private readonly environment: SecretPlaces['environment']) {}

  async read(reference: SecretReference): Promise<FoundSecret> {
    return 'env' in reference ? variableOf(this.environment, reference.env) : fileOf(reference.file)
  }
}

/**
 * For a document from the network, even an administrator's: else `{ file: /etc/shadow }` as the password of an upstream of
 * theirs would show them any file of the server, and `env` the database's password. See docs/adr/0009.
 */
export class SecretsForAdministrators implements SecretSource {
  constructor(private readonly places: SecretPlaces) {}

  async read(reference: SecretReference): Promise<FoundSecret> {
    if ('file' in reference) return this.fileInFolder(reference.file)
    if (reference.env.startsWith(secretVariablePrefix))
      return variableOf(this.places.environment, reference.env)
    return refused(`only variables whose names begin with ${secretVariablePrefix} can be named here`)
  }

  /** Nothing outside of the folder is touched, so that nobody learns what is there. */
  private async fileInFolder(file: string): Promise<FoundSecret> {
    const { folder } = this.places
    if (folder === undefined) return refused('no file can be named here: ENTREPOT_SECRETS_DIR is not set')
    const outside = refused(`only files in ENTREPOT_SECRETS_DIR, ${folder}, can be named here`)
    if (!isWithin(file, folder)) return outside
    const [realFile, realFolder] = await Promise.all([realPathOf(file), realPathOf(folder)])
    if (realFile === undefined || realFolder === undefined) return absent
    return isWithin(realFile, realFolder) ? fileOf(realFile) : outside
  }
}

function variableOf(environment: SecretPlaces['environment'], name: string): FoundSecret {
  const text = Object.hasOwn(environment, name) ? environment[name] : undefined
  return text === undefined || text === '' ? absent : { kind: 'text', text }
}

/** A regular file of UTF-8 text; the line break that editors put at its end is none of the secret's. */
async function fileOf(path: string): Promise<FoundSecret> {
  if (!isAbsolute(path) || path.includes('\0')) return refused('a file is named by its absolute path')
  try {
    // A FIFO would be waited for.
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
    try {
      const stat = await file.stat()
      if (!stat.isFile()) return refused('it is no file')
      if (stat.size > maximumBytes) return refused(`it is longer than ${maximumBytes} bytes`)
      const bytes = await file.readFile()
      const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes).replace(/\r?\n$/, '')
      return text === '' ? absent : { kind: 'text', text }
    } finally {
      await file.close()
    }
  } catch (error) {
    return failure(error)
  }
}

async function realPathOf(path: string): Promise<string | undefined> {
  try {
    return await realpath(path)
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

function isWithin(path: string, folder: string): boolean {
  return isAbsolute(path) && !path.includes('\0') && resolve(path).startsWith(resolve(folder) + sep)
}

function failure(error: unknown): FoundSecret {
  if (isMissing(error)) return absent
  if (error instanceof TypeError) return refused('it is not UTF-8')
  const { code } = error as NodeJS.ErrnoException
  if (code === 'EACCES' || code === 'EPERM' || code === 'EISDIR')
    return refused(`it can not be read (${code})`)
  throw error
}

function isMissing(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException
  return code === 'ENOENT' || code === 'ENOTDIR' || code === 'ENAMETOOLONG' || code === 'ELOOP'
}

function refused(reason: string): FoundSecret {
  return { kind: 'refused', reason }
}
