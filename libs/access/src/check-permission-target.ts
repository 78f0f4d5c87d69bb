import { type Action, actions, anonymous, RegistryError } from '@entrepot/kernel'
import { comparableUserName } from './comparable-user-name.js'
import { anyRepository, type KeptSection, type PermissionTarget } from './permission-target.js'

const maximumNameLength = 255
const maximumPatterns = 200
const maximumPatternLength = 512
/** Time to match grows with it, and with the segments of an image. */
const maximumSegments = 32
const maximumRepositories = 5_000
const maximumPrincipals = 20_000

/** What Artifactory forbids in such a name, for it is part of URLs. */
const forbiddenInNames = /[/\\:|?*"<>]/
const controlCharacter = /\p{Cc}/u
const repositoryKey = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/

/** @throws RegistryError REQUEST_INVALID saying which part can't be, and why */
export function checkPermissionTarget(target: PermissionTarget): void {
  checkName('the name of a permission target', target.name)
  if (forbiddenInNames.test(target.name) || target.name === '.' || target.name === '..') {
    throw invalid(`the name of a permission target is ${quote(target.name)}: it may have none of /\\:|?*"<>`)
  }
  checkRepositories(target)
  checkPatterns(target.name, 'include', target.includes)
  checkPatterns(target.name, 'exclude', target.excludes)
  const principals = [...Object.entries(target.users), ...Object.entries(target.groups)]
  if (principals.length > maximumPrincipals) {
    throw invalid(
      `permission target ${target.name} names ${principals.length} users and groups: at most ${maximumPrincipals} are ` +
        'possible, use groups',
    )
  }
  for (const [name, granted] of principals) checkActions(target.name, name, granted)
  for (const section of Object.values(target.kept?.sections ?? {})) checkSection(target.name, section)
  const ofAnonymous = Object.entries(target.users).find(
    ([name, granted]) => comparableUserName(name) === anonymous.name && granted.includes('manage'),
  )
  if (ofAnonymous !== undefined) {
    throw invalid(`permission target ${target.name} lets anonymous manage: only users and groups can`)
  }
}

function checkRepositories({ name, repositories }: PermissionTarget): void {
  if (repositories.length > maximumRepositories) {
    throw invalid(
      `permission target ${name} lists ${repositories.length} repositories: at most ${maximumRepositories} are ` +
        `possible, use ${anyRepository.join(', ')}`,
    )
  }
  const unknown = repositories.find(
    (key) => !(anyRepository as readonly string[]).includes(key) && !repositoryKey.test(key),
  )
  if (unknown === undefined) return
  throw invalid(
    `permission target ${name} lists the repository ${quote(unknown)}: neither a key nor ${anyRepository.join(', ')}`,
  )
}

function checkPatterns(name: string, kind: 'include' | 'exclude', patterns: readonly string[]): void {
  const which = `the ${kind} patterns of permission target ${name}`
  if (patterns.length > maximumPatterns) {
    throw invalid(`${which} are ${patterns.length}: at most ${maximumPatterns} are possible`)
  }
  for (const pattern of patterns) {
    if (pattern.trim() === '') throw invalid(`one of ${which} is empty: leave it out`)
    if (pattern.length > maximumPatternLength) {
      throw invalid(
        `one of ${which} has ${pattern.length} characters: at most ${maximumPatternLength} are possible`,
      )
    }
    if (pattern.split('/').length > maximumSegments) {
      throw invalid(`one of ${which} has more than ${maximumSegments} segments: no image needs that many`)
    }
    if (!isText(pattern) || /[\s,]/.test(pattern)) {
      throw invalid(
        `one of ${which} is ${quote(pattern)}: a space or a comma is in no image or tag; give a list of patterns`,
      )
    }
  }
}

function checkActions(target: string, principal: string, granted: readonly Action[]): void {
  checkName(`a user or group of permission target ${target}`, principal)
  const unknown = granted.find((action) => !actions.includes(action))
  if (unknown === undefined) return
  throw invalid(
    `permission target ${target} grants ${quote(unknown)} to ${quote(principal)}: there are ${actions.join(', ')}`,
  )
}

/** It has no effect: what counts is that it has bounds. */
function checkSection(name: string, { users, groups, targets }: KeptSection): void {
  for (const [what, names, maximum] of [
    ['users and groups', [...Object.keys(users), ...Object.keys(groups)], maximumPrincipals],
    ['resources', Object.keys(targets), maximumRepositories],
  ] as const) {
    if (names.length > maximum) {
      throw invalid(
        `a section of permission target ${name} names ${names.length} ${what}: at most ${maximum}`,
      )
    }
    for (const each of names) checkName(`one of the ${what} in a section of permission target ${name}`, each)
  }
  for (const pattern of Object.values(targets).flatMap(({ includes, excludes }) => [
    ...includes,
    ...excludes,
  ])) {
    if (pattern.length > maximumPatternLength || !isText(pattern)) {
      throw invalid(
        `a pattern in a section of permission target ${name} is ${quote(pattern.slice(0, 100))}: expected at most ` +
          `${maximumPatternLength} characters without control characters`,
      )
    }
  }
}

function checkName(what: string, name: string): void {
  if (name.length > maximumNameLength) {
    throw invalid(`${what} has ${name.length} characters: at most ${maximumNameLength} are possible`)
  }
  if (name.trim() === '' || name.trim() !== name || !isText(name)) {
    throw invalid(
      `${what} is ${quote(name)}: it may neither be empty nor have space around it or control characters in it`,
    )
  }
}

function isText(text: string): boolean {
  return text.isWellFormed() && !controlCharacter.test(text)
}

function quote(text: string): string {
  return JSON.stringify(text)
}

function invalid(message: string): RegistryError {
  return new RegistryError('REQUEST_INVALID', message)
}
