import { isDeepStrictEqual } from 'node:util'
import {
  anyRepository,
  checkPermissionTarget,
  type Gone,
  type PermissionTarget,
  type StoredPermissionTarget,
  withoutGone,
} from '@entrepot/access'
import { userNameOf } from '@entrepot/identity'
import { anonymous } from '@entrepot/kernel'
import { given } from '../../http/given.js'
import { parsePlainName } from '../../http/plain-name.js'
import type { JsonObject } from '../../json-body.js'
import { effectOf, withKept } from '../../permissions/kept-permissions.js'
import type { Grants } from '../../permissions/permission-input.js'
import { parsePermissionV2, permissionV2Json } from '../../permissions/permission-v2.js'
import { mapping } from '../configuration-document.js'
import { inOrder, omit } from '../document-fields.js'
import type { PlanContext } from '../plan-context.js'
import { joined } from '../problems.js'

/** What is there after the plan, by name. */
export interface Referable {
  readonly repositories: ReadonlySet<string>
  readonly users: ReadonlySet<string>
  readonly groups: ReadonlySet<string>
}

/** As a document has it. */
export function permissionTargetFields(target: PermissionTarget): JsonObject {
  const shown = permissionV2Json({
    ...target,
    users: inOrder(target.users) as PermissionTarget['users'],
    groups: inOrder(target.groups) as PermissionTarget['groups'],
  })
  return omit(shown, 'name')
}

export async function planPermissionTargets(context: PlanContext, there: Referable): Promise<void> {
  const referable: Referable = {
    repositories: new Set([...there.repositories, ...anyRepository]),
    users: new Set([...there.users, anonymous.name]),
    groups: there.groups,
  }
  const bodies = context.document.permissionTargets ?? new Map<string, JsonObject>()
  const stored = new Map(context.state.permissionTargets.map((one) => [one.target.name, one]))
  for (const [name, body] of bodies) {
    await context.pause()
    const current = stored.get(name)
    const target = wanted(context, name, body, current, referable)
    if (target !== undefined) write(context, target, current, Object.keys(body))
  }
  const isPruned = context.document.prune.sections.has('permissionTargets')
  for (const current of context.state.permissionTargets) {
    const { name } = current.target
    if (bodies.has(name)) continue
    if (isPruned) remove(context, current.target)
    else write(context, withoutAll(current.target, context.gone), current, [])
  }
}

function wanted(
  context: PlanContext,
  name: string,
  body: JsonObject,
  current: StoredPermissionTarget | undefined,
  referable: Referable,
): PermissionTarget | undefined {
  const path = joined('permissionTargets', name)
  const { problems } = context
  return problems.attempt(path, () => {
    if (current === undefined) parsePlainName('permission', name)
    refuseUnknown(context, path, body)
    const before = current && withoutAll(current.target, context.gone)
    const target = changed(before ?? noTarget(name), body)
    checkPermissionTarget(target)
    checkNames(context, path, target, before, referable)
    return target
  })
}

/** What the body doesn't name stays; what has no effect here, such as a section about builds, is kept. */
function changed(current: PermissionTarget, body: JsonObject): PermissionTarget {
  const { repositories, includes, excludes, sections, ...input } = parsePermissionV2(current.name, body)
  const { users = allOf(current, 'users'), groups = allOf(current, 'groups') } = input
  const target: PermissionTarget = {
    ...current,
    ...given<Partial<PermissionTarget>>({ repositories, includes, excludes }),
    ...effectOf({ users, groups }),
  }
  const named = Object.entries(sections).filter(([type]) => Object.hasOwn(body, sectionFields[type] ?? type))
  return withKept(target, current.kept, Object.fromEntries(named), { users, groups })
}

function allOf({ kept, ...target }: PermissionTarget, field: 'users' | 'groups'): Grants {
  const entries = Object.entries(target[field]).map(
    ([name, actions]) => [name, [...actions, ...(kept?.[field][name] ?? [])]] as const,
  )
  return Object.fromEntries(entries)
}

function refuseUnknown({ problems }: PlanContext, path: string, body: JsonObject): void {
  problems.refuseUnknown(path, body, ['repo', ...Object.values(sectionFields)])
  for (const field of ['repo', ...Object.values(sectionFields)]) {
    const section = mapping(body, field, path, problems) ?? {}
    const at = joined(path, field)
    problems.refuseUnknown(at, section, ['include-patterns', 'exclude-patterns', 'repositories', 'actions'])
    const grants = mapping(section, 'actions', at, problems) ?? {}
    problems.refuseUnknown(joined(at, 'actions'), grants, ['users', 'groups'])
  }
}

/** What the Access service's types of resources are called in V2. */
const sectionFields: Readonly<Record<string, string>> = { build: 'build', release_bundle: 'releaseBundle' }

/** What the target named before may stay, as in the REST API. */
function checkNames(
  context: PlanContext,
  path: string,
  target: PermissionTarget,
  before: PermissionTarget | undefined,
  { repositories, users, groups }: Referable,
): void {
  const refuse = (
    kind: string,
    names: readonly string[],
    known: readonly string[],
    there: ReadonlySet<string>,
  ) => {
    for (const name of names) {
      if (there.has(name) || known.includes(name)) continue
      context.problems.add(
        path,
        `there is no ${kind} ${JSON.stringify(name.slice(0, 100))} that it could name`,
      )
    }
  }
  refuse('repository', target.repositories, before?.repositories ?? [], repositories)
  refuse('user', Object.keys(target.users), Object.keys(before?.users ?? {}), users)
  refuse('group', Object.keys(target.groups), Object.keys(before?.groups ?? {}), groups)
}

function write(
  context: PlanContext,
  target: PermissionTarget,
  current: StoredPermissionTarget | undefined,
  given: readonly string[],
): void {
  const before = current && permissionTargetFields(current.target)
  const after = permissionTargetFields(target)
  if (isDeepStrictEqual(before, after)) return
  context.changes.push({
    change: current === undefined ? 'create' : 'update',
    path: joined('permissionTargets', target.name),
    before,
    after,
    secrets: [],
    ...(current === undefined ? { given } : {}),
    action: current === undefined ? 'permission.create' : 'permission.update',
    subject: { kind: 'permission', name: target.name },
  })
  context.steps.push({
    stage: 'permissions',
    run: ({ permissionTargets }) =>
      current === undefined
        ? permissionTargets.create(target)
        : permissionTargets.update(target, current.revision),
  })
}

function remove(context: PlanContext, target: PermissionTarget): void {
  const { name } = target
  context.changes.push({
    change: 'delete',
    path: joined('permissionTargets', name),
    before: permissionTargetFields(target),
    after: undefined,
    secrets: [],
    action: 'permission.delete',
    subject: { kind: 'permission', name },
  })
  context.steps.push({
    stage: 'withdraw permissions',
    run: (stores) => stores.permissionTargets.delete(name),
  })
}

function withoutAll(target: PermissionTarget, gone: PlanContext['gone']): PermissionTarget {
  const named: readonly Gone[] = [
    ...target.repositories.filter((key) => gone.repositories.has(key)).map((repository) => ({ repository })),
    ...Object.keys(target.users)
      .map(userNameOf)
      .filter((user) => gone.users.has(user))
      .map((user) => ({ user })),
    ...Object.keys(target.groups)
      .filter((group) => gone.groups.has(group))
      .map((group) => ({ group })),
  ]
  return named.reduce(withoutGone, target)
}

function noTarget(name: string): PermissionTarget {
  return { name, repositories: [], includes: [], excludes: [], users: {}, groups: {} }
}
