import { existsSync, readdirSync } from 'node:fs'
import { sep } from 'node:path'
import { inProject } from './project.mjs'

const folders = { unit: ['libs', 'apps'], e2e: ['apps/e2e'] }
const endings = { unit: '.spec.ts', e2e: '.e2e.ts' }

/** Real clients with their daemons, and the conformance programs: minutes, where the others take seconds. */
const slow = /^apps\/e2e\/src\/(clients|conformance)\//

/**
 * @param {'unit' | 'e2e'} project
 * @param {readonly string[]} filters parts of paths, any of which is enough; none for all
 * @returns {string[]} paths in the project, the quick ones first
 */
export function findTests(project, filters) {
  const files = folders[project]
    .filter((folder) => existsSync(inProject(folder)))
    .flatMap((folder) =>
      readdirSync(inProject(folder), { recursive: true, encoding: 'utf8' }).map(
        (file) => `${folder}/${file.split(sep).join('/')}`,
      ),
    )
    .filter((file) => file.endsWith(endings[project]))
    .filter((file) => filters.length === 0 || filters.some((part) => file.includes(part)))
    .sort()
  return [...files.filter((file) => !isSlow(file)), ...files.filter(isSlow)]
}

/** @param {string} file */
export function isSlow(file) {
  return slow.test(file)
}
