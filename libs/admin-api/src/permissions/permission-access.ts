import type { KeptSection, PermissionTarget } from '@entrepot/access'
import { RegistryError } from '@entrepot/kernel'
import { IsTextList } from '../field-rules.js'
import { objectOf } from '../http/object-of.js'
import { parseDto, unknownFieldsIn } from '../http/parse-dto.js'
import type { JsonObject } from '../json-body.js'
import { shownGrants, shownIncludes, shownSectionGrants } from './permission-json.js'
import { parseGrants, patternsIn, type PermissionInput } from './permission-input.js'
import { accessWords } from './permission-words.js'

export class PatternsDto {
  @IsTextList() include_patterns?: string[]
  @IsTextList() exclude_patterns?: string[]
}

/** Artifactory's resource types; the others than `artifact` are kept without effect. */
export const resourceTypes = [
  'artifact',
  'build',
  'release_bundle',
  'destination',
  'pipeline_source',
] as const

export const noPermissionInput: PermissionInput = {
  repositories: undefined,
  includes: undefined,
  excludes: undefined,
  users: undefined,
  groups: undefined,
  sections: {},
  ignored: [],
}

/** `{name, resources: {artifact: {actions, targets}}}`. @throws RegistryError REQUEST_INVALID */
export function parseAccessPermission({ name: _name, resources, ...rest }: JsonObject): PermissionInput {
  const { artifact, ...others } = objectOf(resources ?? {}, 'resources')
  const input =
    artifact === undefined || artifact === null
      ? noPermissionInput
      : parseArtifactSection(objectOf(artifact, 'artifact'))
  const given = Object.entries(others).filter(([, section]) => section !== null)
  const known = given.filter(([type]) => (resourceTypes as readonly string[]).includes(type))
  return {
    ...input,
    sections: Object.fromEntries(
      known.map(([type, section]) => [type, parseKeptSection(objectOf(section, type))]),
    ),
    ignored: [...Object.keys(rest), ...given.map(([type]) => `resources.${type}`), ...input.ignored],
  }
}

/** `{actions: {users, groups}, targets: {"key": {include_patterns, exclude_patterns}}}`. */
export function parseArtifactSection(section: JsonObject): PermissionInput {
  const { targets, ignored, ...grants } = parseSection(section)
  if (targets === undefined) return { ...noPermissionInput, ...grants, ignored }
  const filters = Object.values(targets)
  const [first] = filters
  if (filters.some((filter) => JSON.stringify(filter) !== JSON.stringify(first))) {
    throw new RegistryError(
      'REQUEST_INVALID',
      'the targets have different patterns: make one permission for each set of patterns',
    )
  }
  return {
    ...grants,
    repositories: Object.keys(targets),
    includes: first?.includes,
    excludes: first?.excludes,
    sections: {},
    ignored,
  }
}

/** A section of another type than `artifact`. @throws RegistryError REQUEST_INVALID */
export function parseKeptSection(section: JsonObject): KeptSection {
  const { users = {}, groups = {}, targets = {} } = parseSection(section)
  return { users, groups, targets }
}

export function accessPermissionJson(target: PermissionTarget): object {
  const { name, repositories, users, groups, kept } = target
  const isEmpty = [repositories, Object.keys(users), Object.keys(groups)].every((list) => list.length === 0)
  const others = Object.entries(kept?.sections ?? {}).map(([type, section]) => [
    type,
    keptSectionJson(section),
  ])
  return {
    name,
    resources: {
      ...(isEmpty ? {} : { artifact: artifactSectionJson(target) }),
      ...(Object.fromEntries(others) as Record<string, object>),
    },
  }
}

export function artifactSectionJson(target: PermissionTarget): object {
  const filter = { include_patterns: shownIncludes(target), exclude_patterns: target.excludes }
  return {
    actions: shownGrants(target, accessWords),
    targets: Object.fromEntries(target.repositories.map((key) => [key, filter])),
  }
}

export function keptSectionJson(section: KeptSection): object {
  return {
    actions: shownSectionGrants(section, accessWords),
    targets: Object.fromEntries(
      Object.entries(section.targets).map(([key, { includes, excludes }]) => [
        key,
        { include_patterns: includes.length === 0 ? ['**'] : includes, exclude_patterns: excludes },
      ]),
    ),
  }
}

function parseSection({ actions, targets, ...rest }: JsonObject) {
  const { users, groups, ignored: withoutEffect } = parseGrants(actions, 'actions', accessWords)
  const ignored = [...Object.keys(rest), ...withoutEffect]
  if (targets === undefined || targets === null) return { users, groups, targets: undefined, ignored }
  const filters = Object.entries(objectOf(targets, 'targets')).map(([key, filter]) => {
    const path = `targets.${key.slice(0, 100)}.`
    const fields = objectOf(filter ?? {}, path.slice(0, -1))
    ignored.push(...unknownFieldsIn(PatternsDto, fields, path))
    const dto = parseDto(PatternsDto, fields, path)
    const patterns = {
      includes: patternsIn(dto.include_patterns) ?? [],
      excludes: patternsIn(dto.exclude_patterns) ?? [],
    }
    return [key, patterns] as const
  })
  return { users, groups, targets: Object.fromEntries(filters), ignored }
}
