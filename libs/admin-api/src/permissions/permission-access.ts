import type { PermissionTarget } from '@entrepot/access'
import { RegistryError } from '@entrepot/kernel'
import { IsTextList } from '../field-rules.js'
import { objectOf } from '../http/object-of.js'
import { parseDto, unknownFieldsIn } from '../http/parse-dto.js'
import type { JsonObject } from '../json-body.js'
import { shownGrants, shownIncludes } from './permission-json.js'
import { parseGrants, patternsIn, type PermissionInput } from './permission-input.js'
import { accessWords } from './permission-words.js'

class PatternsDto {
  @IsTextList() include_patterns?: string[]
  @IsTextList() exclude_patterns?: string[]
}

/** Artifactory's resource types; the others than `artifact` have no effect here. */
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
  ignored: [],
}

/** `{name, resources: {artifact: {actions, targets}}}`. @throws RegistryError REQUEST_INVALID */
export function parseAccessPermission({ name: _name, resources, ...rest }: JsonObject): PermissionInput {
  const { artifact, ...others } = objectOf(resources ?? {}, 'resources')
  const input =
    artifact === undefined || artifact === null
      ? noPermissionInput
      : parseArtifactSection(objectOf(artifact, 'artifact'))
  const foreign = Object.entries(others).filter(([, section]) => section !== null)
  return {
    ...input,
    ignored: [...Object.keys(rest), ...foreign.map(([type]) => `resources.${type}`), ...input.ignored],
  }
}

/** `{actions: {users, groups}, targets: {"key": {include_patterns, exclude_patterns}}}`. */
export function parseArtifactSection(section: JsonObject): PermissionInput {
  const { actions, targets, ...rest } = section
  const grants = parseGrants(actions, 'actions', accessWords)
  const ignored = [...Object.keys(rest), ...grants.ignored]
  if (targets === undefined || targets === null) return { ...noPermissionInput, ...grants, ignored }
  const entries = Object.entries(objectOf(targets, 'targets'))
  const filters = entries.map(([key, filter]) => {
    const path = `targets.${key.slice(0, 100)}.`
    const fields = objectOf(filter ?? {}, path.slice(0, -1))
    ignored.push(...unknownFieldsIn(PatternsDto, fields, path))
    const dto = parseDto(PatternsDto, fields, path)
    return {
      includes: patternsIn(dto.include_patterns) ?? [],
      excludes: patternsIn(dto.exclude_patterns) ?? [],
    }
  })
  const [first] = filters
  if (filters.some((filter) => JSON.stringify(filter) !== JSON.stringify(first))) {
    throw new RegistryError(
      'REQUEST_INVALID',
      'the targets have different patterns: make one permission for each set of patterns',
    )
  }
  return {
    ...grants,
    repositories: entries.map(([key]) => key),
    includes: first?.includes,
    excludes: first?.excludes,
    ignored,
  }
}

export function accessPermissionJson(target: PermissionTarget): object {
  const { name, repositories, users, groups } = target
  const isEmpty = [repositories, Object.keys(users), Object.keys(groups)].every((list) => list.length === 0)
  return { name, resources: isEmpty ? {} : { artifact: artifactSectionJson(target) } }
}

export function artifactSectionJson(target: PermissionTarget): object {
  const filter = { include_patterns: shownIncludes(target), exclude_patterns: target.excludes }
  return {
    actions: shownGrants(target, accessWords),
    targets: Object.fromEntries(target.repositories.map((key) => [key, filter])),
  }
}
