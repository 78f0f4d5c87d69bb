import { isDeepStrictEqual } from 'node:util'
import {
  checkOidcMapping,
  checkOidcProvider,
  type OidcMapping,
  type OidcProvider,
  type StoredOidcProvider,
} from '@entrepot/identity'
import { RegistryError } from '@entrepot/kernel'
import { fieldNamesOf } from '../../http/parse-dto.js'
import type { JsonObject } from '../../json-body.js'
import { oidcMappingJson, oidcProviderJson } from '../../oidc/oidc-json.js'
import {
  changedOidcProvider,
  newOidcProvider,
  OidcProviderDto,
  parseOidcMapping,
  refuseReservedName,
} from '../../oidc/oidc.dto.js'
import { mapping, type NamedBodies } from '../configuration-document.js'
import { inOrder, omit } from '../document-fields.js'
import type { PlanContext } from '../plan-context.js'
import { joined } from '../problems.js'
import type { GivenSecret } from '../secret-reader.js'

const secretField = 'client_secret'
const mappingsField = 'identity_mappings'
const fieldNames = [...fieldNamesOf(OidcProviderDto).filter((name) => name !== 'name'), mappingsField]

/** As a document has it, without its mappings and the client's secret. */
export function oidcProviderFields(provider: OidcProvider): JsonObject {
  return inOrder(omit(oidcProviderJson(provider), 'name'))
}

export function oidcMappingFields(stored: OidcMapping): JsonObject {
  const { claims, ...rest } = omit(oidcMappingJson(stored), 'name')
  return inOrder({ ...rest, claims: inOrder(claims as JsonObject) })
}

export async function planOidcProviders(context: PlanContext): Promise<void> {
  const bodies: NamedBodies = context.document.oidcProviders ?? new Map<string, JsonObject>()
  const stored = new Map(context.state.oidcProviders.map((one) => [one.provider.name, one]))
  for (const [name, body] of bodies) await planProvider(context, name, body, stored.get(name))
  if (!isPruned(context)) return
  for (const { provider } of stored.values()) {
    if (bodies.has(provider.name)) continue
    note(context, [provider.name], { before: oidcProviderFields(provider) })
    context.steps.push({ stage: 'providers', run: (stores) => stores.oidcProviders.delete(provider.name) })
  }
}

async function planProvider(
  context: PlanContext,
  name: string,
  body: JsonObject,
  current: StoredOidcProvider | undefined,
): Promise<void> {
  const path = joined('oidcProviders', name)
  const { problems } = context
  problems.refuseUnknown(path, body, fieldNames)
  const secret = await context.secret(path, secretField, body)
  const fields = omit(body, secretField, mappingsField)
  const given = secret?.kind === 'text' ? { ...fields, [secretField]: secret.text } : fields
  const dto = problems.dto(OidcProviderDto, path, { ...given, name })
  if (dto !== undefined && secret !== undefined) {
    problems.attempt(path, () => {
      refuseReservedName(name)
      const next = current === undefined ? newOidcProvider(dto) : changedOidcProvider(current.provider, dto)
      checkSecret(context, path, secret, next)
      checkOidcProvider(next)
      write(context, next, current, Object.keys(body))
    })
  }
  planMappings(context, name, mapping(body, mappingsField, path, problems), current)
}

function checkSecret(context: PlanContext, path: string, secret: GivenSecret, next: OidcProvider): void {
  if (secret.kind === 'none') return
  const at = joined(path, secretField)
  if (next.client === undefined)
    throw new RegistryError('REQUEST_INVALID', 'client_id is missing beside client_secret')
  if (secret.kind === 'text') return
  if (next.client.secret === undefined) context.noteUnset(at, secret.place)
  else context.noteKept(at, secret.place)
}

function write(
  context: PlanContext,
  provider: OidcProvider,
  current: StoredOidcProvider | undefined,
  given: readonly string[],
): void {
  const before = current && oidcProviderFields(current.provider)
  const after = oidcProviderFields(provider)
  const isNewSecret = current?.provider.client?.secret !== provider.client?.secret
  if (!isNewSecret && isDeepStrictEqual(before, after)) return
  note(context, [provider.name], { before, after, secrets: isNewSecret ? [secretField] : [], given })
  context.steps.push({
    stage: 'providers',
    run: ({ oidcProviders }) =>
      current === undefined
        ? oidcProviders.create(provider)
        : oidcProviders.update(provider, current.revision),
  })
}

function planMappings(
  context: PlanContext,
  provider: string,
  mappings: JsonObject | undefined,
  current: StoredOidcProvider | undefined,
): void {
  if (mappings === undefined) return
  const stored = new Map(current?.mappings.map((one) => [one.name, one]))
  const path = joined(joined('oidcProviders', provider), mappingsField)
  for (const name of Object.keys(mappings)) {
    const at = joined(path, name)
    const body = mapping(mappings, name, path, context.problems)
    const wanted = body && context.problems.attempt(at, () => checkedMapping(context, at, name, body))
    const known = stored.get(name)
    const before = known && oidcMappingFields(known)
    const after = wanted && oidcMappingFields(wanted)
    if (body === undefined || wanted === undefined || isDeepStrictEqual(before, after)) continue
    note(context, [provider, name], { before, after, given: Object.keys(body) })
    context.steps.push({
      stage: 'providers',
      run: (stores) => stores.oidcProviders.putMapping(provider, wanted),
    })
  }
  if (!isPruned(context)) return
  for (const [name, known] of stored) {
    if (Object.hasOwn(mappings, name)) continue
    note(context, [provider, name], { before: oidcMappingFields(known) })
    context.steps.push({
      stage: 'providers',
      run: (stores) => stores.oidcProviders.deleteMapping(provider, name),
    })
  }
}

/** As the REST API's PUT: what is left out is as by default. */
function checkedMapping(context: PlanContext, path: string, name: string, body: JsonObject): OidcMapping {
  const { mapping: wanted, ignored } = parseOidcMapping(body, name)
  for (const field of ignored) context.problems.add(joined(path, field), 'there is no such field')
  checkOidcMapping(wanted)
  return wanted
}

function isPruned(context: PlanContext): boolean {
  return context.document.prune.sections.has('oidcProviders')
}

interface Noted {
  readonly before: JsonObject | undefined
  readonly after?: JsonObject | undefined
  readonly secrets?: readonly string[]
  readonly given?: readonly string[]
}

function note(
  context: PlanContext,
  [provider, ofMapping]: readonly [provider: string, mapping?: string],
  { before, after, secrets = [], given = [] }: Noted,
): void {
  const change = before === undefined ? 'create' : after === undefined ? 'delete' : 'update'
  const path = joined('oidcProviders', provider)
  context.changes.push({
    change,
    path: ofMapping === undefined ? path : joined(joined(path, mappingsField), ofMapping),
    before,
    after,
    secrets,
    ...(change === 'create' ? { given } : {}),
    // A mapping is a part of its provider.
    action: ofMapping === undefined ? `directory.${change}` : 'directory.update',
    subject: {
      kind: 'directory',
      name: ['oidc', provider, ...(ofMapping === undefined ? [] : [ofMapping])].join('/'),
    },
  })
}
