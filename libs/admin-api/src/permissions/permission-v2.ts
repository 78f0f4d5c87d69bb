import type { PermissionTarget } from '@entrepot/access'
import { IsText, IsTextList } from '../field-rules.js'
import { objectOf } from '../http/object-of.js'
import { parseDto, unknownFieldsIn } from '../http/parse-dto.js'
import type { JsonObject } from '../json-body.js'
import { checkName, shownGrants, shownIncludes } from './permission-json.js'
import { parseGrants, patternsIn, type PermissionInput } from './permission-input.js'
import { v2Words } from './permission-words.js'

class PermissionV2Dto {
  @IsText() name?: string
}

class RepoSectionDto {
  @IsTextList() 'include-patterns'?: string[]
  @IsTextList() 'exclude-patterns'?: string[]
  @IsTextList() repositories?: string[]
}

/**
 * Artifactory's permission target V2; its sections for builds and release bundles have no effect here.
 * @throws RegistryError REQUEST_INVALID
 */
export function parsePermissionV2(name: string, body: JsonObject): PermissionInput {
  const { repo, ...rest } = body
  checkName(name, parseDto(PermissionV2Dto, rest).name)
  const { actions, ...section } = objectOf(repo ?? {}, 'repo')
  const dto = parseDto(RepoSectionDto, section, 'repo.')
  const grants = parseGrants(actions, 'repo.actions', v2Words)
  return {
    ...grants,
    repositories: dto.repositories,
    includes: patternsIn(dto['include-patterns']),
    excludes: patternsIn(dto['exclude-patterns']),
    ignored: [
      ...unknownFieldsIn(PermissionV2Dto, rest),
      ...unknownFieldsIn(RepoSectionDto, section, 'repo.'),
      ...grants.ignored,
    ],
  }
}

export function permissionV2Json(target: PermissionTarget): object {
  return {
    name: target.name,
    repo: {
      'include-patterns': shownIncludes(target),
      'exclude-patterns': target.excludes,
      repositories: target.repositories,
      actions: shownGrants(target, v2Words),
    },
  }
}
