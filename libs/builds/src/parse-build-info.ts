import { RegistryError } from '@entrepot/kernel'
import type { BuildContent, BuildDocument, BuildInfo } from './build-info.js'

/** Characters of a name and of a number. */
export const maximumBuildNameLength = 500

/** Artifacts and dependencies of a build together. */
export const maximumBuildContents = 200_000

/**
 * What everything here needs of a build-info is looked at; the rest is its publisher's and kept as it is.
 * @throws RegistryError REQUEST_INVALID with the path of what is wrong
 */
export function parseBuildInfo(document: BuildDocument): BuildInfo {
  const name = parseBuildName('name', document['name'])
  const number = parseBuildName('number', document['number'])
  const contents = contentsOf(document)
  return {
    name,
    number,
    started: startedOf(document),
    url: optionalText(document, 'url', ''),
    contents,
    document,
  }
}

/** A build's name or number. @throws RegistryError REQUEST_INVALID */
export function parseBuildName(field: string, value: unknown): string {
  if (
    typeof value === 'string' &&
    value.length <= maximumBuildNameLength &&
    /^\S(?:\P{Cc}*\S)?$/u.test(value)
  )
    return value
  throw invalid(
    `${field} is ${shown(value)}, expected text of 1 to ${maximumBuildNameLength} characters without control characters`,
  )
}

/**
 * As JFrog's clients write it, `2026-01-31T12:00:00.000+0000`, or another form of ISO 8601 with an offset.
 * @throws RegistryError REQUEST_INVALID
 */
export function parseStarted(field: string, value: unknown): Date {
  const grammar = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:?\d\d)$/
  const moment =
    typeof value === 'string' && grammar.test(value)
      ? new Date(value.replace(/([+-]\d\d)(\d\d)$/, '$1:$2'))
      : new Date(NaN)
  if (Number.isNaN(moment.getTime())) {
    throw invalid(`${field} is ${shown(value)}, expected a time such as "2026-01-31T12:00:00.000+0000"`)
  }
  return moment
}

function startedOf(document: BuildDocument): Date {
  return parseStarted('started', document['started'])
}

/** Those of all modules. @throws RegistryError REQUEST_INVALID */
export function contentsOf(document: BuildDocument): readonly BuildContent[] {
  const contents: BuildContent[] = []
  for (const [at, module] of objectsIn(document, 'modules', '').entries()) {
    const path = `modules[${at}].`
    if (typeof module['id'] !== 'string') throw invalid(`${path}id is ${shown(module['id'])}, expected text`)
    for (const [index, artifact] of objectsIn(module, 'artifacts', path).entries()) {
      contents.push(contentOf('artifact', artifact, `${path}artifacts[${index}].`))
    }
    for (const [index, dependency] of objectsIn(module, 'dependencies', path).entries()) {
      contents.push(contentOf('dependency', dependency, `${path}dependencies[${index}].`))
    }
  }
  if (contents.length <= maximumBuildContents) return contents
  throw invalid(
    `the build has ${contents.length} artifacts and dependencies, expected at most ${maximumBuildContents}`,
  )
}

function contentOf(role: BuildContent['role'], fields: BuildDocument, path: string): BuildContent {
  return {
    role,
    name: optionalText(fields, role === 'artifact' ? 'name' : 'id', path) ?? '',
    sha256: checksumOf(fields, 'sha256', 64, path),
    sha1: checksumOf(fields, 'sha1', 40, path),
  }
}

function checksumOf(fields: BuildDocument, name: string, length: number, path: string): string | undefined {
  const value = optionalText(fields, name, path)?.toLowerCase()
  if (value === undefined || value === '') return undefined
  if (value.length === length && /^[0-9a-f]+$/.test(value)) return value
  throw invalid(`${path}${name} is ${shown(value)}, expected ${length} hexadecimal digits`)
}

function optionalText(fields: BuildDocument, name: string, path: string): string | undefined {
  const value = fields[name] ?? undefined
  if (value === undefined || typeof value === 'string') return value
  throw invalid(`${path}${name} is ${shown(value)}, expected text`)
}

function objectsIn(fields: BuildDocument, name: string, path: string): readonly BuildDocument[] {
  const value = fields[name] ?? []
  const isObject = (each: unknown) => typeof each === 'object' && each !== null && !Array.isArray(each)
  if (Array.isArray(value) && value.every(isObject)) return value as readonly BuildDocument[]
  throw invalid(`${path}${name} is not a list of objects`)
}

function shown(value: unknown): string {
  if (value === undefined) return 'missing'
  const text = JSON.stringify(value)
  return text.length > 100 ? `${text.slice(0, 100).toWellFormed()}…` : text
}

function invalid(message: string): RegistryError {
  return new RegistryError('REQUEST_INVALID', message)
}
