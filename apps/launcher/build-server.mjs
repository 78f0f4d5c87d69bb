import { createHash } from 'node:crypto'
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join, sep } from 'node:path'
import { LauncherError } from './launcher-error.mjs'
import { binaryOf, inProject, root, serverEntry } from './project.mjs'
import { run } from './run.mjs'
import { withProgress } from './with-progress.mjs'

const sourceFolders = ['apps/server', 'libs', 'migrations']
const sourceFiles = ['package-lock.json', 'nest-cli.json', 'tsconfig.base.json']
const stampFile = inProject('dist', '.entrepot-build')

/**
 * Compiles the server unless dist holds exactly these sources already.
 * @param {string} node
 */
export async function buildServer(node) {
  const stamp = hashOfSources(root)
  if (existsSync(serverEntry) && existsSync(stampFile) && readFileSync(stampFile, 'utf8').trim() === stamp)
    return
  const code = await withProgress('building', () =>
    run(node, [binaryOf('@nestjs/cli', 'nest'), 'build', 'server'], { quiet: true }),
  )
  if (code !== 0) throw new LauncherError(`the build failed, see above`, code)
  writeFileSync(stampFile, `${stamp}\n`)
}

/**
 * A digest over everything that the build reads: a changed, added, moved or removed file gives another one.
 * @param {string} folder the project
 */
export function hashOfSources(folder) {
  const hash = createHash('sha256')
  for (const file of [...sourceFiles, ...sourceFolders.flatMap((name) => sourcesIn(folder, name))]) {
    hash
      .update(`${file}\0`)
      .update(readFileSync(join(folder, file)))
      .update('\0')
  }
  return hash.digest('hex')
}

/**
 * @param {string} folder
 * @param {string} name
 */
function sourcesIn(folder, name) {
  return readdirSync(join(folder, name), { recursive: true, encoding: 'utf8' })
    .map((file) => `${name}/${file.split(sep).join('/')}`)
    .filter((file) => /\.(ts|json)$/.test(file) && !/(\.(spec|contract|e2e)\.ts$|\/testing\/)/.test(file))
    .sort()
}
