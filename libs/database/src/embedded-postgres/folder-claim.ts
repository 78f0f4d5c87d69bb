import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { processIdentity } from './process-table.js'

/**
 * The right of one server process to a data folder, as a file that names the process. PostgreSQL has a lock of its own,
 * but that can't tell a second server beside a running one from a start after `kill -9`.
 */
export class FolderClaim {
  private constructor(
    private readonly file: string,
    private readonly text: string,
  ) {}

  /** @throws when a running process has it */
  static take(folder: string): FolderClaim {
    const file = join(folder, 'owner')
    const text = `${process.pid} ${processIdentity(process.pid)}\n`
    for (let attempt = 1; attempt <= 5; attempt += 1) {
      if (createExclusively(file, text)) return new FolderClaim(file, text)
      const holder = readIfThere(file)
      if (holder === undefined) continue
      const pid = Number(holder.split(' ', 1)[0])
      if (runs(holder, pid)) throw refusal(folder, pid)
      removeIfStill(file, holder)
    }
    throw new Error(`${file} changes all the time: several servers are being started on ${folder} at once`)
  }

  /** May be called again. */
  release(): void {
    if (readIfThere(this.file) === this.text) rmSync(this.file, { force: true })
  }
}

function runs(holder: string, pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false
  return processIdentity(pid) === holder.slice(holder.indexOf(' ') + 1).trim()
}

function refusal(folder: string, pid: number): Error {
  return new Error(
    `another Entrepot (process ${pid}) is running on ${folder}: stop it first, or give this one a data folder of its own (ENTREPOT_DATA_DIR)`,
  )
}

/** A link appears whole or not at all, so nobody reads half a claim. */
function createExclusively(file: string, text: string): boolean {
  const draft = `${file}.${process.pid}`
  writeFileSync(draft, text, { mode: 0o600 })
  try {
    linkSync(draft, file)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  } finally {
    rmSync(draft, { force: true })
  }
}

/** Moves the stale claim away; when another starter's fresh claim was moved instead, puts it back. */
function removeIfStill(file: string, stale: string): void {
  const aside = `${file}.stale.${process.pid}`
  try {
    renameSync(file, aside)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
    throw error
  }
  const moved = readFileSync(aside, 'utf8')
  if (moved !== stale) createExclusively(file, moved)
  rmSync(aside, { force: true })
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
