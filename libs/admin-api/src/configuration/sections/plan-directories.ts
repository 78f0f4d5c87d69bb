import { isDeepStrictEqual } from 'node:util'
import {
  changedDirectorySettings,
  checkDirectoryGroupSettings,
  checkDirectorySettings,
  type DirectoryGroupSettings,
  type DirectorySettings,
  newDirectoryGroupSettings,
  newDirectorySettings,
  type OrderedSettings,
} from '@entrepot/identity'
import { RegistryError } from '@entrepot/kernel'
import { directoryGroupJson, directoryJson } from '../../directories/directory-json.js'
import {
  DirectoryDto,
  DirectoryGroupDto,
  DirectorySearchDto,
  parseDirectory,
  parseDirectoryGroup,
} from '../../directories/directory.dto.js'
import { fieldNamesOf } from '../../http/parse-dto.js'
import type { JsonObject } from '../../json-body.js'
import { mapping } from '../configuration-document.js'
import { inOrder, omit } from '../document-fields.js'
import type { PlanContext } from '../plan-context.js'
import { joined } from '../problems.js'
import type { GivenSecret } from '../secret-reader.js'
import { planOrdered } from './ordered-plan.js'

const searchFields = fieldNamesOf(DirectorySearchDto)
const passwordField = 'manager_password'

type Stored<T> = OrderedSettings<T>

/** As a document has it, without the manager's password; one spelling of the addresses is enough. */
export function directoryFields(settings: DirectorySettings): JsonObject {
  return inOrder(omit(directoryJson(settings), 'ldap_url'), ['key'])
}

export function directoryGroupFields(settings: DirectoryGroupSettings): JsonObject {
  return inOrder(omit(directoryGroupJson(settings)), ['name'])
}

export async function planDirectories(context: PlanContext): Promise<void> {
  const { settings, groups } = context.document.directories
  const keys = new Set(context.state.directories.map(({ name }) => name))
  if (settings !== undefined) for (const key of await planSettings(context, settings)) keys.add(key)
  if (settings !== undefined && isPruned(context)) {
    const listed = new Set(settings.map((body) => body['key']))
    for (const key of keys) if (!listed.has(key)) keys.delete(key)
  }
  if (groups !== undefined) planGroups(context, groups, keys)
}

/** @returns the keys that the document lists */
async function planSettings(context: PlanContext, bodies: readonly JsonObject[]): Promise<readonly string[]> {
  const stored = context.state.directories
  const writes: { name: string; config: DirectorySettings; revision: number | undefined }[] = []
  const listed = namesIn(context, 'directories.settings', 'key', bodies)
  for (const [key, body] of listed) {
    const current = stored.find(({ name }) => name === key)
    const path = joined('directories.settings', key)
    const next = await nextSettings(context, path, key, body, current?.config)
    if (next === undefined) continue
    const before = current && directoryFields(current.config)
    const after = directoryFields(next)
    const isNewSecret = current?.config.search.managerPassword !== next.search.managerPassword
    if (!isNewSecret && isDeepStrictEqual(before, after)) continue
    writes.push({ name: key, config: next, revision: current?.revision })
    const secrets = isNewSecret ? [`search.${passwordField}`] : []
    note(context, { path, name: key, before, after, secrets, given: Object.keys(body) })
  }
  const deleted = goingOf(context, stored, listed)
  for (const { name, config } of deleted) {
    note(context, { path: joined('directories.settings', name), name, before: directoryFields(config) })
  }
  planOrdered(context, {
    path: 'directories.settings',
    orderName: 'directory-order',
    names: stored.map(({ name }) => name),
    listed: [...listed.keys()],
    deleted: new Set(deleted.map(({ name }) => name)),
    writes,
    storeIn: (stores) => stores.directories,
  })
  return [...listed.keys()]
}

async function nextSettings(
  context: PlanContext,
  path: string,
  key: string,
  body: JsonObject,
  current: DirectorySettings | undefined,
): Promise<DirectorySettings | undefined> {
  const { problems } = context
  problems.refuseUnknown(path, body, [...fieldNamesOf(DirectoryDto), 'search'])
  const search = mapping(body, 'search', path, problems)
  const searchPath = joined(path, 'search')
  problems.refuseUnknown(searchPath, search ?? {}, searchFields)
  const secret = await context.secret(searchPath, passwordField, search ?? {})
  const given = withPassword(search, secret)
  const isGood = [
    problems.dto(DirectoryDto, path, body),
    problems.dto(DirectorySearchDto, searchPath, given ?? {}),
  ].every((dto) => dto !== undefined)
  if (!isGood || secret === undefined) return undefined
  return problems.attempt(path, () => {
    if (body['ldap_url'] !== undefined && body['ldap_urls'] !== undefined) {
      throw new RegistryError('REQUEST_INVALID', 'ldap_url and ldap_urls are given, expected one of them')
    }
    const { fields } = parseDirectory(given === undefined ? body : { ...body, search: given })
    const next = current === undefined ? newOf(key, fields) : changedDirectorySettings(current, fields)
    checkSecret(context, joined(searchPath, passwordField), secret, next)
    checkDirectorySettings(next)
    return next
  })
}

function withPassword(
  search: JsonObject | undefined,
  secret: GivenSecret | undefined,
): JsonObject | undefined {
  if (search === undefined) return undefined
  const rest = omit(search, passwordField)
  return secret?.kind === 'text' ? { ...rest, [passwordField]: secret.text } : rest
}

function checkSecret(context: PlanContext, path: string, secret: GivenSecret, next: DirectorySettings): void {
  if (secret.kind !== 'unset') return
  if (next.search.managerPassword === undefined) context.noteUnset(path, secret.place)
  else context.noteKept(path, secret.place)
}

function newOf(key: string, fields: Parameters<typeof changedDirectorySettings>[1]): DirectorySettings {
  if (fields.urls !== undefined) return newDirectorySettings({ ...fields, key, urls: fields.urls })
  throw new RegistryError(
    'REQUEST_INVALID',
    'ldap_urls is missing, expected ldap://host:port/dc=example,dc=com',
  )
}

function planGroups(context: PlanContext, bodies: readonly JsonObject[], keys: ReadonlySet<string>): void {
  const stored = context.state.directoryGroups
  const writes: { name: string; config: DirectoryGroupSettings; revision: number | undefined }[] = []
  const listed = namesIn(context, 'directories.groups', 'name', bodies)
  for (const [name, body] of listed) {
    const current = stored.find((one) => one.name === name)
    const path = joined('directories.groups', name)
    const next = nextGroupSettings(context, path, body, current?.config, keys)
    if (next === undefined) continue
    const before = current && directoryGroupFields(current.config)
    const after = directoryGroupFields(next)
    if (isDeepStrictEqual(before, after)) continue
    writes.push({ name, config: next, revision: current?.revision })
    note(context, { path, name: `groups/${name}`, before, after, given: Object.keys(body) })
  }
  const deleted = goingOf(context, stored, listed)
  for (const { name, config } of deleted) {
    const path = joined('directories.groups', name)
    note(context, { path, name: `groups/${name}`, before: directoryGroupFields(config) })
  }
  planOrdered(context, {
    path: 'directories.groups',
    orderName: 'directory-group-order',
    names: stored.map(({ name }) => name),
    listed: [...listed.keys()],
    deleted: new Set(deleted.map(({ name }) => name)),
    writes,
    storeIn: (stores) => stores.directoryGroups,
  })
}

function nextGroupSettings(
  context: PlanContext,
  path: string,
  body: JsonObject,
  current: DirectoryGroupSettings | undefined,
  keys: ReadonlySet<string>,
): DirectoryGroupSettings | undefined {
  const { problems } = context
  problems.refuseUnknown(path, body, fieldNamesOf(DirectoryGroupDto))
  if (problems.dto(DirectoryGroupDto, path, body) === undefined) return undefined
  return problems.attempt(path, () => {
    const { name = '', ...fields } = parseDirectoryGroup(body)
    const next =
      current === undefined ? newDirectoryGroupSettings({ ...fields, name }) : { ...current, ...fields }
    checkDirectoryGroupSettings(next)
    if (next.enabledLdap !== '' && next.enabledLdap !== current?.enabledLdap && !keys.has(next.enabledLdap)) {
      const known = [...keys].join(', ')
      problems.add(
        joined(path, 'enabled_ldap'),
        `is ${JSON.stringify(next.enabledLdap)}, expected the key of a directory (${known}), or empty text`,
      )
    }
    return next
  })
}

/** By name, in the document's order. */
function namesIn(
  context: PlanContext,
  path: string,
  field: 'key' | 'name',
  bodies: readonly JsonObject[],
): ReadonlyMap<string, JsonObject> {
  const byName = new Map<string, JsonObject>()
  for (const [position, body] of bodies.entries()) {
    const name = body[field]
    if (typeof name !== 'string' || name === '') {
      context.problems.add(`${path}[${position}].${field}`, 'is missing, expected a name for it')
    } else if (byName.has(name)) {
      context.problems.add(
        `${path}[${position}].${field}`,
        `is ${JSON.stringify(name.slice(0, 100))} for the second time`,
      )
    } else byName.set(name, body)
  }
  return byName
}

function goingOf<T>(
  context: PlanContext,
  stored: readonly Stored<T>[],
  listed: ReadonlyMap<string, JsonObject>,
): readonly Stored<T>[] {
  return isPruned(context) ? stored.filter(({ name }) => !listed.has(name)) : []
}

function isPruned(context: PlanContext): boolean {
  return context.document.prune.sections.has('directories')
}

interface Noted {
  readonly path: string
  readonly name: string
  readonly before: JsonObject | undefined
  readonly after?: JsonObject
  readonly secrets?: readonly string[]
  readonly given?: readonly string[]
}

function note(context: PlanContext, { path, name, before, after, secrets = [], given = [] }: Noted): void {
  const change = before === undefined ? 'create' : after === undefined ? 'delete' : 'update'
  context.changes.push({
    change,
    path,
    before,
    after,
    secrets,
    ...(change === 'create' ? { given } : {}),
    action: `directory.${change}`,
    subject: { kind: 'directory', name },
  })
}
