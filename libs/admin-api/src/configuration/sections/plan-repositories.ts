import { isDeepStrictEqual } from 'node:util'
import {
  checkMembers,
  type RepositoryChange,
  type RepositoryConfig,
  type RepositoryKey,
  type RepositoryKind,
  type StoredRepository,
} from '@entrepot/repositories'
import { changedConfig } from '../../changed-config.js'
import { fieldNamesOf } from '../../http/parse-dto.js'
import type { JsonObject } from '../../json-body.js'
import { newConfig } from '../../new-config.js'
import { repositoryDtoClasses } from '../../repository-body.js'
import { repositoryJson } from '../../repository-json.js'
import { parseRepositoryKey } from '../../repository-key.js'
import { inOrder, omit } from '../document-fields.js'
import type { PlanContext } from '../plan-context.js'
import { joined } from '../problems.js'
import type { GivenSecret } from '../secret-reader.js'

const kinds: readonly RepositoryKind[] = ['local', 'remote', 'virtual']

/** Never in a document as they are. */
export const repositorySecrets = ['password', 'queryParams'] as const

interface Entry {
  readonly path: string
  readonly body: JsonObject
  readonly current: StoredRepository | undefined
  readonly config: RepositoryConfig
}

type Configs = ReadonlyMap<string, RepositoryConfig>

/** As a document has it, without its key and without secrets. */
export function repositoryFields(config: RepositoryConfig): JsonObject {
  return inOrder(omit(repositoryJson(config), 'key', ...repositorySecrets), ['rclass', 'packageType'])
}

/** @returns what the repositories are after it */
export async function planRepositories(context: PlanContext): Promise<Configs> {
  const stored = new Map<string, StoredRepository>(
    context.state.repositories.map((one) => [one.config.key, one]),
  )
  const bodies = context.document.repositories ?? new Map<string, JsonObject>()
  const coming = new Map<string, RepositoryKey>()
  for (const key of bodies.keys()) {
    const path = joined('repositories', key)
    const parsed =
      stored.get(key)?.config.key ?? context.problems.attempt(path, () => parseRepositoryKey(key))
    if (parsed !== undefined) coming.set(key, parsed)
  }
  const entries: Entry[] = []
  for (const [key, body] of bodies) {
    await context.pause()
    const known = coming.get(key)
    const entry =
      known &&
      (await planned(
        context,
        known,
        body,
        stored.get(key),
        (name) => coming.get(name) ?? stored.get(name)?.config.key,
      ))
    if (entry !== undefined) entries.push(entry)
  }
  const pruned = await prune(context, bodies)
  const after = new Map<string, RepositoryConfig>(
    [...stored].filter(([key]) => !pruned.has(key)).map(([key, { config }]) => [key, config]),
  )
  for (const { config } of entries) after.set(config.key, config)
  checkAll(context, entries, after, new Set(coming.keys()))
  write(context, entries)
  return after
}

async function planned(
  context: PlanContext,
  key: RepositoryKey,
  body: JsonObject,
  current: StoredRepository | undefined,
  find: (key: string) => RepositoryKey | undefined,
): Promise<Entry | undefined> {
  const path = joined('repositories', key)
  const { problems } = context
  const rclass = current?.config.rclass ?? kinds.find((kind) => kind === body['rclass'])
  if (rclass === undefined) {
    problems.add(joined(path, 'rclass'), 'is missing, expected "local", "remote", "virtual"')
    return undefined
  }
  const dtoClass = repositoryDtoClasses[rclass]
  problems.refuseUnknown(path, body, fieldNamesOf(dtoClass))
  const fields = await withSecrets(context, path, body, current?.config)
  const target = body['defaultDeploymentRepo']
  if (rclass === 'virtual' && typeof target === 'string' && target !== '' && find(target) === undefined) {
    problems.add(
      joined(path, 'defaultDeploymentRepo'),
      `is ${JSON.stringify(target.slice(0, 100))}, and there is no such repository`,
    )
  }
  if (fields === undefined || problems.dto<object>(dtoClass, path, fields) === undefined) return undefined
  const config = problems.attempt(path, () =>
    current === undefined
      ? newConfig(key, { ...fields, rclass }, find)
      : changedConfig(current.config, fields, find),
  )
  if (config === undefined) return undefined
  checkProxy(context, path, current?.config, config)
  const isCleared = config.rclass === 'remote' && isWithoutUser(body)
  return { path, body, current, config: isCleared ? { ...config, password: '' } : config }
}

/** @returns undefined when a secret can't be taken */
async function withSecrets(
  context: PlanContext,
  path: string,
  body: JsonObject,
  current: RepositoryConfig | undefined,
): Promise<JsonObject | undefined> {
  const fields: Record<string, unknown> = { ...body }
  let isGood = true
  for (const field of repositorySecrets) {
    // No parameters are no secret.
    if (field === 'queryParams' && body[field] === '') continue
    delete fields[field]
    const secret = await context.secret(path, field, body)
    if (secret === undefined) isGood = false
    if (secret?.kind === 'text') fields[field] = secret.text
    if (secret === undefined || secret.kind === 'text') continue
    checkKept(context, joined(path, field), secret, keepingOf(current, body, field))
  }
  return isGood ? fields : undefined
}

/** One that was named before may be gone. */
function checkProxy(
  context: PlanContext,
  path: string,
  before: RepositoryConfig | undefined,
  after: RepositoryConfig,
): void {
  if (after.rclass !== 'remote' || after.proxy === '' || context.state.proxies.has(after.proxy)) return
  if (before?.rclass === 'remote' && before.proxy === after.proxy) return
  const shown = JSON.stringify(after.proxy.slice(0, 100))
  context.problems.add(
    joined(path, 'proxy'),
    `is ${shown}, which there is not: create it in system/configuration first`,
  )
}

type Keeping = 'nothing' | 'kept' | 'elsewhere'

/** A stored secret stays only as long as it goes where it went before; without a user name there is no password. */
function keepingOf(
  current: RepositoryConfig | undefined,
  body: JsonObject,
  field: (typeof repositorySecrets)[number],
): Keeping {
  if (current?.rclass !== 'remote' || current[field] === '') return 'nothing'
  if (field === 'password' && isWithoutUser(body)) return 'nothing'
  const isSame = (['url', 'username'] as const).every(
    (name) => (body[name] ?? current[name]) === current[name],
  )
  return isSame ? 'kept' : 'elsewhere'
}

function isWithoutUser(body: JsonObject): boolean {
  return body['username'] === '' && (body['password'] ?? undefined) === undefined
}

function checkKept(context: PlanContext, path: string, secret: GivenSecret, keeping: Keeping): void {
  if (secret.kind === 'unset' && keeping === 'kept') context.noteKept(path, secret.place)
  else if (secret.kind === 'unset') context.noteUnset(path, secret.place)
  else if (keeping === 'elsewhere') {
    context.problems.add(
      path,
      'is not given, and the stored one stays only with the same url and username: give it',
    )
  }
}

function checkAll(
  context: PlanContext,
  entries: readonly Entry[],
  after: Configs,
  named: ReadonlySet<string>,
): void {
  const changed = new Set<string>(entries.map(({ config }) => config.key))
  for (const config of after.values()) {
    if (config.rclass !== 'virtual') continue
    const path = joined('repositories', config.key)
    // What is named and has errors of its own is not there, which is no second error.
    const isNamed = config.repositories.some((key) => named.has(key) && !after.has(key))
    if (changed.has(config.key) && !isNamed)
      context.problems.attempt(path, () => checkMembers(config, (key) => after.get(key)))
    const gone = config.repositories.filter((key) => context.gone.repositories.has(key))
    if (gone.length > 0 && !changed.has(config.key)) {
      context.problems.add(
        path,
        `lists ${gone.join(', ')}, which would be deleted: take them out of it, or keep them in the document`,
      )
    }
  }
}

function write(context: PlanContext, entries: readonly Entry[]): void {
  const changes: RepositoryChange[] = []
  for (const { path, body, current, config } of entries) {
    const before = current && repositoryFields(current.config)
    const after = repositoryFields(config)
    const secrets = repositorySecrets.filter(
      (field) => secretIn(current?.config, field) !== secretIn(config, field),
    )
    if (secrets.length === 0 && isDeepStrictEqual(before, after)) continue
    changes.push({ config, revision: current?.revision })
    context.changes.push({
      change: current === undefined ? 'create' : 'update',
      path,
      before,
      after,
      secrets,
      ...(current === undefined ? { given: ['rclass', ...Object.keys(body)] } : {}),
      action: current === undefined ? 'repository.create' : 'repository.update',
      subject: { kind: 'repository', name: config.key },
    })
  }
  if (changes.length > 0) {
    context.steps.push({ stage: 'repositories', run: (stores) => stores.repositories.apply(changes) })
  }
}

function secretIn(config: RepositoryConfig | undefined, field: (typeof repositorySecrets)[number]): string {
  return config?.rclass === 'remote' ? config[field] : ''
}

/** Virtuals go before what they list. @returns the keys that go */
async function prune(
  context: PlanContext,
  bodies: ReadonlyMap<string, JsonObject>,
): Promise<ReadonlySet<string>> {
  const { sections, withContent } = context.document.prune
  if (!sections.has('repositories')) return new Set()
  const going = context.state.repositories.filter(({ config }) => !bodies.has(config.key))
  for (const { id, config } of going) {
    const path = joined('repositories', config.key)
    context.gone.repositories.add(config.key)
    if (!withContent.has(config.key) && (await context.input.stores.holdsContent(id))) {
      context.problems.add(
        path,
        `would be deleted with what it holds: keep it in the document, or list ${JSON.stringify(config.key)} in prune.withContent`,
      )
    }
    context.changes.push({
      change: 'delete',
      path,
      before: repositoryFields(config),
      after: undefined,
      secrets: [],
      action: 'repository.delete',
      subject: { kind: 'repository', name: config.key },
    })
  }
  const order = outermostFirst(going.map(({ config }) => config))
  context.steps.push({
    stage: 'delete repositories',
    run: async (stores) => {
      for (const key of order) await stores.repositories.delete(key)
    },
  })
  return new Set(order)
}

function outermostFirst(configs: readonly RepositoryConfig[]): readonly RepositoryKey[] {
  const inner: RepositoryKey[] = []
  const seen = new Set<RepositoryKey>()
  const visit = (config: RepositoryConfig): void => {
    if (seen.has(config.key)) return
    seen.add(config.key)
    const members: readonly RepositoryKey[] = config.rclass === 'virtual' ? config.repositories : []
    for (const member of configs.filter(({ key }) => members.includes(key))) visit(member)
    inner.push(config.key)
  }
  for (const config of configs) visit(config)
  return inner.toReversed()
}
