import type { PermissionTarget } from '@entrepot/access'
import { IsText, IsTextList } from '../field-rules.js'
import { parseDto, unknownFieldsIn } from '../http/parse-dto.js'
import type { JsonObject } from '../json-body.js'
import { checkName, shownGrants, shownIncludes } from './permission-json.js'
import { parseGrants, patternsIn, type PermissionInput } from './permission-input.js'
import { v1Words } from './permission-words.js'

export class PermissionV1Dto {
  @IsText() name?: string
  @IsText() includesPattern?: string
  @IsText() excludesPattern?: string
  @IsTextList() repositories?: string[]
}

/**
 * Artifactory's security entity of type permission: patterns as one text with commas, actions as letters.
 * @throws RegistryError REQUEST_INVALID
 */
export function parsePermissionV1(name: string, body: JsonObject): PermissionInput {
  const { principals, ...rest } = body
  const dto = parseDto(PermissionV1Dto, rest)
  checkName(name, dto.name)
  const grants = parseGrants(principals, 'principals', v1Words)
  return {
    ...grants,
    repositories: dto.repositories,
    includes: patternsIn(dto.includesPattern?.split(',')),
    excludes: patternsIn(dto.excludesPattern?.split(',')),
    sections: {},
    ignored: [...unknownFieldsIn(PermissionV1Dto, rest), ...grants.ignored],
  }
}

export function permissionV1Json(target: PermissionTarget): object {
  return {
    name: target.name,
    includesPattern: shownIncludes(target).join(','),
    excludesPattern: target.excludes.join(','),
    repositories: target.repositories,
    principals: shownGrants(target, v1Words),
  }
}
