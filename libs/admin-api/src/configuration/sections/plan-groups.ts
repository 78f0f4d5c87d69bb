import { isDeepStrictEqual } from 'node:util'
import type { Group } from '@entrepot/identity'
import { checkAutoJoin, noGroup } from '../../groups/group-administration.js'
import { groupV2Json } from '../../groups/group-json.js'
import { groupSettingsOfV2, GroupV2Dto } from '../../groups/group.dto.js'
import { fieldNamesOf } from '../../http/parse-dto.js'
import { parsePlainName } from '../../http/plain-name.js'
import type { JsonObject } from '../../json-body.js'
import { inOrder, omit } from '../document-fields.js'
import type { PlanContext } from '../plan-context.js'
import { joined } from '../problems.js'

const fieldNames = fieldNamesOf(GroupV2Dto).filter((name) => name !== 'name' && name !== 'members')

/** As a document has it; members stand with the users. */
export function groupFields(group: Group): JsonObject {
  return inOrder(omit(groupV2Json(group, []), 'name', 'members'))
}

/** @returns the names of the groups after it */
export async function planGroups(context: PlanContext): Promise<ReadonlySet<string>> {
  const stored = new Map(context.state.groups.map((group) => [group.name, group]))
  const bodies = context.document.groups ?? new Map<string, JsonObject>()
  for (const [name, body] of bodies) {
    await context.pause()
    planGroup(context, name, body, stored.get(name))
  }
  const going = context.document.prune.sections.has('groups')
    ? context.state.groups.filter(({ name }) => !bodies.has(name))
    : []
  for (const group of going) remove(context, group)
  const gone = new Set(going.map(({ name }) => name))
  return new Set([...stored.keys(), ...bodies.keys()].filter((name) => !gone.has(name)))
}

function planGroup(context: PlanContext, name: string, body: JsonObject, current: Group | undefined): void {
  const path = joined('groups', name)
  const { problems } = context
  const { members, ...fields } = body
  if (members !== undefined)
    problems.add(joined(path, 'members'), 'is no field here: list the group in users.<name>.groups')
  problems.refuseUnknown(path, fields, fieldNames)
  const dto = problems.dto(GroupV2Dto, path, fields)
  const checked = problems.attempt(path, () => (current === undefined ? parsePlainName('group', name) : name))
  if (dto === undefined || checked === undefined) return
  const group = { ...(current ?? { ...noGroup, name }), ...groupSettingsOfV2(dto).change }
  problems.attempt(path, () => checkAutoJoin(group))
  const before = current && groupFields(current)
  const after = groupFields(group)
  if (isDeepStrictEqual(before, after)) return
  if (current !== undefined && current.adminPrivileges !== group.adminPrivileges) touchMembers(context, name)
  const { name: _name, ...change } = group
  context.changes.push({
    change: current === undefined ? 'create' : 'update',
    path,
    before,
    after,
    secrets: [],
    ...(current === undefined ? { given: Object.keys(body) } : {}),
    action: current === undefined ? 'group.create' : 'group.update',
    subject: { kind: 'group', name },
  })
  context.steps.push({
    stage: 'groups',
    run: (stores) =>
      current === undefined ? stores.groups.create(group) : stores.groups.update(name, change),
  })
}

function remove(context: PlanContext, group: Group): void {
  const { name } = group
  context.gone.groups.add(name)
  touchMembers(context, name)
  context.changes.push({
    change: 'delete',
    path: joined('groups', name),
    before: groupFields(group),
    after: undefined,
    secrets: [],
    action: 'group.delete',
    subject: { kind: 'group', name },
  })
  context.steps.push({ stage: 'delete groups', run: (stores) => stores.groups.delete(name) })
}

function touchMembers(context: PlanContext, group: string): void {
  for (const { name, memberships } of context.state.users) {
    if (memberships.some((membership) => membership.group === group)) context.touchedUsers.push(name)
  }
}
