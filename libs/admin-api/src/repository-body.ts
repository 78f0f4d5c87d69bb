import type { RepositoryKind } from '@entrepot/repositories'
import { parseDto, unknownFieldsIn } from './http/parse-dto.js'
import type { JsonObject } from './json-body.js'
import { LocalRepositoryDto } from './local-repository.dto.js'
import { RemoteRepositoryDto } from './remote-repository.dto.js'
import { VirtualRepositoryDto } from './virtual-repository.dto.js'

/** The fields of each kind. */
export const repositoryDtoClasses = {
  local: LocalRepositoryDto,
  remote: RemoteRepositoryDto,
  virtual: VirtualRepositoryDto,
} satisfies Record<RepositoryKind, new () => object>

type DtoOf<K extends RepositoryKind> = InstanceType<(typeof repositoryDtoClasses)[K]>

/**
 * The fields of the kind that `body` has, checked. `null` is taken for "not given", as clients in Go send it.
 * @throws RegistryError REQUEST_INVALID with one sibling for each further field that is wrong
 */
export function parseRepositoryBody<K extends RepositoryKind>(kind: K, body: JsonObject): DtoOf<K> {
  return parseDto(repositoryDtoClasses[kind] as new () => DtoOf<K>, body)
}

/** Fields that are not in Artifactory's contract for the kind: ignored, as Artifactory does. */
export function unknownFieldsOf(kind: RepositoryKind, body: JsonObject): readonly string[] {
  return unknownFieldsIn(repositoryDtoClasses[kind], body)
}
