import { lstat, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'

const smallestBytes = 1024 * 1024

/** The blobs under a folder: large files, those of a database aside. */
export async function largeFiles(folder: string): Promise<ReadonlySet<string>> {
  const found = new Set<string>()
  await collect(folder, found)
  return found
}

/**
 * Removes what has been pushed since `kept` was listed, behind the registry's back: no measurement asks for it again, and
 * a run would fill the disk otherwise.
 */
export async function removeLargeFiles(folder: string, kept: ReadonlySet<string>): Promise<void> {
  for (const path of await largeFiles(folder)) {
    if (!kept.has(path)) await rm(path, { force: true })
  }
}

async function collect(folder: string, found: Set<string>): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) {
      if (!/postgres/i.test(entry.name)) await collect(path, found)
    } else if (entry.isFile() && (await lstat(path)).size >= smallestBytes) found.add(path)
  }
}
