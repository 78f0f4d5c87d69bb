import type { KeptSection, PermissionTarget } from '@entrepot/access'
import { IsText, IsTextList } from '../field-rules.js'
import { objectOf } from '../http/object-of.js'
import { parseDto, unknownFieldsIn } from '../http/parse-dto.js'
import type { JsonObject } from '../json-body.js'
import { checkName, shownGrants, shownIncludes, shownSectionGrants } from './permission-json.js'
import { parseGrants, patternsIn, type PermissionInput } from './permission-input.js'
import { v2Words } from './permission-words.js'

export class PermissionV2Dto {
  @IsText() name?: string
}

export class SectionDto {
  @IsTextList() 'include-patterns'?: string[]
  @IsTextList() 'exclude-patterns'?: string[]
  @IsTextList() repositories?: string[]
}

/** What the Access service calls the sections that V2 has besides `repo`. */
const sectionTypes = { build: 'build', releaseBundle: 'release_bundle' } as const

/**
 * Artifactory's permission target V2; its sections for builds and release bundles are kept without effect.
 * @throws RegistryError REQUEST_INVALID
 */
export function parsePermissionV2(name: string, body: JsonObject): PermissionInput {
  const { repo, build, releaseBundle, ...rest } = body
  checkName(name, parseDto(PermissionV2Dto, rest).name)
  const { ignored, ...content } = parseSection(objectOf(repo ?? {}, 'repo'), 'repo')
  const others = Object.entries({ build, releaseBundle }).filter(([, section]) => isSomething(section))
  return {
    ...content,
    sections: {
      [sectionTypes.build]: undefined,
      [sectionTypes.releaseBundle]: undefined,
      ...Object.fromEntries(
        others.map(([field, section]) => [
          sectionTypes[field as keyof typeof sectionTypes],
          keptSection(objectOf(section, field), field),
        ]),
      ),
    },
    ignored: [...unknownFieldsIn(PermissionV2Dto, rest), ...others.map(([field]) => field), ...ignored],
  }
}

export function permissionV2Json(target: PermissionTarget): object {
  const sections = Object.entries(sectionTypes).flatMap(([field, type]) => {
    const section = sectionV2Json(target.kept?.sections[type])
    return section === undefined ? [] : [[field, section] as const]
  })
  return {
    name: target.name,
    repo: {
      'include-patterns': shownIncludes(target),
      'exclude-patterns': target.excludes,
      repositories: target.repositories,
      actions: shownGrants(target, v2Words),
    },
    ...Object.fromEntries(sections),
  }
}

function parseSection({ actions, ...section }: JsonObject, path: string) {
  const dto = parseDto(SectionDto, section, `${path}.`)
  const grants = parseGrants(actions, `${path}.actions`, v2Words)
  return {
    users: grants.users,
    groups: grants.groups,
    repositories: dto.repositories,
    includes: patternsIn(dto['include-patterns']),
    excludes: patternsIn(dto['exclude-patterns']),
    ignored: [...unknownFieldsIn(SectionDto, section, `${path}.`), ...grants.ignored],
  }
}

/** Clients that have none send null, or a section without anything in it. */
function isSomething(section: unknown): boolean {
  if (typeof section !== 'object' || section === null) return section !== undefined && section !== null
  return Object.values(section).some(
    (value: unknown) => value !== null && !(typeof value === 'object' && Object.keys(value).length === 0),
  )
}

function keptSection(section: JsonObject, path: string): KeptSection {
  const {
    users = {},
    groups = {},
    repositories = [],
    includes = [],
    excludes = [],
  } = parseSection(section, path)
  const targets = Object.fromEntries(repositories.map((key) => [key, { includes, excludes }]))
  return { users, groups, targets }
}

/** V2 has one set of patterns for all: a section with several can't be shown by it. */
function sectionV2Json(section: KeptSection | undefined): object | undefined {
  if (section === undefined) return undefined
  const filters = Object.values(section.targets)
  const [first = { includes: [], excludes: [] }] = filters
  if (filters.some((filter) => JSON.stringify(filter) !== JSON.stringify(first))) return undefined
  return {
    'include-patterns': first.includes.length === 0 ? ['**'] : first.includes,
    'exclude-patterns': first.excludes,
    repositories: Object.keys(section.targets),
    actions: shownSectionGrants(section, v2Words),
  }
}
