import { randomUUID } from 'node:crypto'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { StartupError } from './startup-error.js'

/**
 * Makes the folder where it is missing, for its owner alone, and proves that it can be written to.
 * @throws StartupError naming the setting and what is wrong with the folder
 */
export async function prepareDataFolder(folder: string): Promise<void> {
  const probe = join(folder, `.probe-${randomUUID()}`)
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    await writeFile(probe, '')
    await rm(probe)
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    const reason = reasons[code ?? ''] ?? message
    throw new StartupError(`ENTREPOT_DATA_DIR is ${folder}: ${reason}`, { cause: error })
  }
}

const reasons: Readonly<Record<string, string>> = {
  EACCES: 'this user may not write there. Choose another folder, or change its owner',
  EPERM: 'this user may not write there. Choose another folder, or change its owner',
  EROFS: 'that file system is read-only. Choose another folder',
  ENOSPC: 'no space is left there. Free some, or choose another folder',
  EEXIST: 'that is a file, and a folder is needed',
  ENOTDIR: 'that is below a file, and a folder is needed',
}
