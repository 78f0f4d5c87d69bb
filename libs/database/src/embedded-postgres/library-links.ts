import { readFileSync, readlinkSync, renameSync, rmSync, symlinkSync } from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'

interface LibraryLink {
  readonly source: string
  readonly target: string
}

/**
 * Makes the names under which PostgreSQL's programs look for their libraries. npm packages can't hold symbolic links and
 * install scripts are often blocked, so this is done at each start; links that are right are left alone, and two
 * processes may do it at once.
 */
export function linkLibraries(packageRoot: string): void {
  const list = JSON.parse(
    readFileSync(join(packageRoot, 'native/pg-symlinks.json'), 'utf8'),
  ) as readonly LibraryLink[]
  for (const { source, target } of list) {
    const link = join(packageRoot, target)
    const content = relative(dirname(link), join(packageRoot, source))
    if (linkContent(link) !== content) replaceLink(link, content)
  }
}

function replaceLink(link: string, content: string): void {
  const draft = join(dirname(link), `.${basename(link)}.${process.pid}`)
  try {
    rmSync(draft, { force: true })
    symlinkSync(content, draft)
    renameSync(draft, link)
  } catch (cause) {
    throw new Error(
      `${link} can't be created (${(cause as Error).message}): start once as the user who installed Entrepot, or set ENTREPOT_DATABASE_URL`,
      { cause },
    )
  }
}

function linkContent(link: string): string | undefined {
  try {
    return readlinkSync(link)
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'ENOENT' || code === 'EINVAL') return undefined
    throw error
  }
}
