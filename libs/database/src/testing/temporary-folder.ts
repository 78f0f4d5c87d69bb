import { chownSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

/** A folder that goes when the test is over; asked for before what runs in it is started. */
export function temporaryFolder(options: { readonly owner?: number } = {}): string {
  const folder = mkdtempSync(join(tmpdir(), 'entrepot-folder-'))
  if (options.owner !== undefined) chownSync(folder, options.owner, options.owner)
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}
