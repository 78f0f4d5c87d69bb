import type { JsonObject } from '../json-body.js'
import { joined, type Problems } from './problems.js'

/** Sections that map names to things. */
export const mappedSections = [
  'repositories',
  'groups',
  'users',
  'permissionTargets',
  'oidcProviders',
] as const

/** Sections of which a document can ask that nothing else be there. */
export const prunableSections = [...mappedSections, 'directories'] as const

/** All keys that a document may have. */
export const documentKeys = [
  ...prunableSections,
  'lockPolicy',
  'passwordPolicy',
  'anonymousAccess',
  'prune',
] as const

export type MappedSection = (typeof mappedSections)[number]
export type PrunableSection = (typeof prunableSections)[number]

export type NamedBodies = ReadonlyMap<string, JsonObject>

/** A document as far as it can be understood without what is stored. A section that it doesn't have is undefined. */
export interface ConfigurationDocument extends Readonly<Record<MappedSection, NamedBodies | undefined>> {
  /** In the order in which they are asked. */
  readonly directories: {
    readonly settings: readonly JsonObject[] | undefined
    readonly groups: readonly JsonObject[] | undefined
  }
  readonly lockPolicy: JsonObject | undefined
  readonly passwordPolicy: JsonObject | undefined
  readonly anonymousAccess: JsonObject | undefined
  readonly prune: {
    readonly sections: ReadonlySet<PrunableSection>
    /** Keys of repositories that may be deleted with their images. */
    readonly withContent: ReadonlySet<string>
  }
}

/** The sections and their shape; what is wrong is noted, and left out. */
export function parseConfigurationDocument(content: JsonObject, problems: Problems): ConfigurationDocument {
  problems.refuseUnknown('', content, documentKeys)
  const mapped = (section: MappedSection) => namedBodies(content, section, problems)
  const lists = mapping(content, 'directories', '', problems)
  if (lists !== undefined) problems.refuseUnknown('directories', lists, ['settings', 'groups'])
  const document = {
    repositories: mapped('repositories'),
    groups: mapped('groups'),
    users: mapped('users'),
    permissionTargets: mapped('permissionTargets'),
    oidcProviders: mapped('oidcProviders'),
    directories: {
      settings: listOf(lists, 'settings', problems),
      groups: listOf(lists, 'groups', problems),
    },
    lockPolicy: mapping(content, 'lockPolicy', '', problems),
    passwordPolicy: mapping(content, 'passwordPolicy', '', problems),
    anonymousAccess: mapping(content, 'anonymousAccess', '', problems),
  }
  return { ...document, prune: pruneOf(content, problems) }
}

/**
 * A mapping in a mapping; a key without anything behind it is an empty one.
 * @returns undefined when it is not there, or is something else, which is noted
 */
export function mapping(
  content: JsonObject,
  name: string,
  path: string,
  problems: Problems,
): JsonObject | undefined {
  if (!Object.hasOwn(content, name)) return undefined
  return mappingIn(content[name], joined(path, name), problems)
}

function mappingIn(value: unknown, path: string, problems: Problems): JsonObject | undefined {
  if (value === null || value === undefined) return {}
  if (typeof value === 'object' && !Array.isArray(value)) return value as JsonObject
  problems.add(
    path,
    `expected a mapping of names, got ${Array.isArray(value) ? 'a list' : `a ${typeof value}`}`,
  )
  return undefined
}

function namedBodies(content: JsonObject, section: string, problems: Problems): NamedBodies | undefined {
  const things = mapping(content, section, '', problems)
  if (things === undefined) return undefined
  const bodies = new Map<string, JsonObject>()
  for (const [name, value] of Object.entries(things)) {
    const body = mappingIn(value, joined(section, name), problems)
    if (body !== undefined) bodies.set(name, body)
  }
  return bodies
}

function listOf(
  lists: JsonObject | undefined,
  name: string,
  problems: Problems,
): readonly JsonObject[] | undefined {
  if (lists === undefined || !Object.hasOwn(lists, name)) return undefined
  const value: unknown = lists[name] ?? []
  const path = `directories.${name}`
  if (!Array.isArray(value)) {
    problems.add(path, 'expected a list, in the order in which they are asked')
    return undefined
  }
  const entries: readonly unknown[] = value
  return entries
    .map((entry, position) => mappingIn(entry, `${path}[${position}]`, problems))
    .filter((entry) => entry !== undefined)
}

function pruneOf(content: JsonObject, problems: Problems): ConfigurationDocument['prune'] {
  const prune = mapping(content, 'prune', '', problems) ?? {}
  problems.refuseUnknown('prune', prune, ['sections', 'withContent'])
  const sections = textsOf(prune, 'sections', problems).flatMap((name) => {
    const section = prunableSections.find((known) => known === name)
    if (section === undefined) {
      problems.add(
        'prune.sections',
        `is "${name.slice(0, 100)}", expected some of ${prunableSections.join(', ')}`,
      )
    } else if (!Object.hasOwn(content, section)) {
      problems.add(
        'prune.sections',
        `names ${section}, which the document does not have: write an empty one for none`,
      )
    }
    return section ?? []
  })
  return { sections: new Set(sections), withContent: new Set(textsOf(prune, 'withContent', problems)) }
}

function textsOf(prune: JsonObject, field: string, problems: Problems): readonly string[] {
  const value = prune[field] ?? []
  if (Array.isArray(value) && value.every((one) => typeof one === 'string')) return value
  problems.add(`prune.${field}`, 'expected a list of names')
  return []
}
