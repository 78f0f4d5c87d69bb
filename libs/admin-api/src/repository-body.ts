import { RegistryError } from '@entrepot/kernel'
import type { RepositoryKind } from '@entrepot/repositories'
import { getMetadataStorage, validateSync, type ValidationError } from 'class-validator'
import type { JsonObject } from './json-body.js'
import { LocalRepositoryDto } from './local-repository.dto.js'
import { RemoteRepositoryDto } from './remote-repository.dto.js'
import { withoutCredentials } from './upstream-url.js'
import { VirtualRepositoryDto } from './virtual-repository.dto.js'

const dtoClasses = {
  local: LocalRepositoryDto,
  remote: RemoteRepositoryDto,
  virtual: VirtualRepositoryDto,
} satisfies Record<RepositoryKind, new () => object>

type DtoOf<K extends RepositoryKind> = InstanceType<(typeof dtoClasses)[K]>

/**
 * The fields of the kind that `body` has, checked. `null` is taken for "not given", as clients in Go send it.
 * @throws RegistryError REQUEST_INVALID with one sibling for each further field that is wrong
 */
export function parseRepositoryBody<K extends RepositoryKind>(kind: K, body: JsonObject): DtoOf<K> {
  const known = fieldsOf(kind)
  const given = Object.entries(body).filter(([name, value]) => known.has(name) && value !== null)
  const dto = Object.assign(new dtoClasses[kind](), Object.fromEntries(given)) as DtoOf<K>
  const [first, ...others] = validateSync(dto, { stopAtFirstError: true }).map(messageOf)
  if (first !== undefined) {
    throw new RegistryError('REQUEST_INVALID', first, {
      siblings: others.map((message) => new RegistryError('REQUEST_INVALID', message)),
    })
  }
  return dto
}

/** Fields that are not in Artifactory's contract for the kind: ignored, as Artifactory does. */
export function unknownFieldsOf(kind: RepositoryKind, body: JsonObject): readonly string[] {
  const known = fieldsOf(kind)
  return Object.keys(body).filter((name) => !known.has(name))
}

function fieldsOf(kind: RepositoryKind): ReadonlySet<string> {
  const rules = getMetadataStorage().getTargetValidationMetadatas(dtoClasses[kind], '', false, false)
  return new Set(rules.map((rule) => rule.propertyName))
}

function messageOf(error: ValidationError): string {
  return `${error.property} is ${shown(error)}, ${Object.values(error.constraints ?? {}).join(', ')}`
}

function shown({ property, value }: ValidationError): string {
  if (property === 'password') return 'not acceptable'
  const safe: unknown = property === 'url' && typeof value === 'string' ? withoutCredentials(value) : value
  const text = JSON.stringify(safe)
  return text.length > 200 ? `${text.slice(0, 200)}…` : text
}
