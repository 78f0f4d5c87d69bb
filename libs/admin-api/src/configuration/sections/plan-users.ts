import { isDeepStrictEqual } from 'node:util'
import { internalRealm, type UserAccount, type UserAccountChange, userNameOf } from '@entrepot/identity'
import { byCodePoint } from '@entrepot/kernel'
import { given } from '../../http/given.js'
import { fieldNamesOf } from '../../http/parse-dto.js'
import type { JsonObject } from '../../json-body.js'
import { userV2Json } from '../../users/user-json.js'
import { parseUserName } from '../../users/user-name.js'
import type { NewUserSettings } from '../../users/user-settings.js'
import { settingsOfV2, UserV2Dto } from '../../users/user-v2.dto.js'
import { inOrder, omit } from '../document-fields.js'
import type { PlanContext } from '../plan-context.js'
import { joined } from '../problems.js'
import type { GivenSecret } from '../secret-reader.js'

const fieldNames = fieldNamesOf(UserV2Dto).filter((name) => name !== 'username' && name !== 'old_password')
const notInDocuments = ['username', 'effective_admin', 'last_logged_in', 'realm', 'groups']

interface Entry {
  readonly path: string
  readonly name: string
  readonly body: JsonObject
  readonly current: UserAccount | undefined
}

/** As a document has it, without the password. */
export function userFields(account: UserAccount): JsonObject {
  return inOrder({ ...omit(userV2Json(account), ...notInDocuments), groups: groupsGivenHere(account) })
}

/** @param groups those that are there after the plan. @returns the names of the users after it */
export async function planUsers(
  context: PlanContext,
  groups: ReadonlySet<string>,
): Promise<ReadonlySet<string>> {
  const stored = new Map(context.state.users.map((account) => [account.name, account]))
  const named = new Set<string>()
  for (const [text, body] of context.document.users ?? []) {
    await context.pause()
    const path = joined('users', text)
    const name = userNameOf(text)
    if (named.has(name))
      context.problems.add(path, `is ${name} for the second time: names are the same in any case`)
    named.add(name)
    await planUser(context, { path, name, body, current: stored.get(name) }, groups)
  }
  // Users of directories come and go with those.
  const going = context.document.prune.sections.has('users')
    ? context.state.users.filter(({ name, realm }) => realm === internalRealm && !named.has(name))
    : []
  for (const account of going) remove(context, account)
  const gone = new Set(going.map(({ name }) => name))
  return new Set([...stored.keys(), ...named].filter((name) => !gone.has(name)))
}

async function planUser(context: PlanContext, entry: Entry, groups: ReadonlySet<string>): Promise<void> {
  const { path, name, body, current } = entry
  const { problems } = context
  const { password: _password, ...fields } = body
  problems.refuseUnknown(path, body, fieldNames)
  if (current === undefined) problems.attempt(path, () => parseUserName(name))
  const dto = problems.dto(UserV2Dto, path, fields)
  const secret = await context.secret(path, 'password', body)
  if (dto === undefined || secret === undefined) return
  const settings = settingsOfV2(dto)
  for (const group of settings.groups ?? []) {
    if (!groups.has(group))
      problems.add(joined(path, 'groups'), `there is no group ${JSON.stringify(group.slice(0, 100))}`)
  }
  if (current !== undefined && settings.kind !== undefined && settings.kind !== current.kind) {
    problems.add(
      joined(path, 'kind'),
      `is "${settings.kind}", and the user is a ${current.kind}, who can not become another`,
    )
  }
  const password = await passwordOf(context, entry, settings, secret)
  write(context, entry, settings, password)
}

/** @returns the new password; undefined when it stays, or there is none */
async function passwordOf(
  context: PlanContext,
  { path, name, current }: Entry,
  settings: NewUserSettings,
  secret: GivenSecret,
): Promise<string | undefined> {
  const at = joined(path, 'password')
  const refuse = (message: string) => context.problems.add(at, message)
  const isRobot = (current?.kind ?? settings.kind) === 'robot'
  if (secret.kind === 'none') {
    if (current === undefined && !isRobot && settings.internalPasswordDisabled !== true) {
      refuse('is missing: only a robot, or a user with internal_password_disabled, has none')
    }
    return undefined
  }
  if (isRobot) refuse('is given for a robot, which has none: make an access token for it')
  else if (current !== undefined && current.realm !== internalRealm) {
    refuse(`is kept by the directory "${current.realm}": leave it out`)
  } else if (secret.kind === 'unset') {
    if (current?.passwordHash === undefined) context.noteUnset(at, secret.place)
    else context.noteKept(at, secret.place)
  } else {
    const { passwordHash } = current ?? {}
    // One that was set before a rule became stricter stays good.
    if (passwordHash !== undefined && (await context.input.passwords.isSame(passwordHash, secret.text)))
      return undefined
    const refusal = context.input.passwords.refusalOf(name, secret.text)
    if (refusal === undefined) return secret.text
    refuse(`is refused: ${refusal}`)
  }
  return undefined
}

function write(
  context: PlanContext,
  { path, name, body, current }: Entry,
  settings: NewUserSettings,
  password: string | undefined,
): void {
  const before = current && userFields(current)
  const after = fieldsAfter(before, settings)
  if (password === undefined && isDeepStrictEqual(before, after)) return
  context.touchedUsers.push(name)
  if (password !== undefined || settings.disabled === true) context.endedLogins.push(name)
  if (password !== undefined) context.newPasswords.push({ user: name, password })
  context.changes.push({
    change: current === undefined ? 'create' : 'update',
    path,
    before,
    after,
    secrets: password === undefined ? [] : ['password'],
    ...(current === undefined ? { given: Object.keys(body) } : {}),
    action: current === undefined ? 'user.create' : 'user.update',
    subject: { kind: 'user', name },
  })
  const hash = () => (password === undefined ? undefined : context.input.passwords.hash(name, password))
  const { password: _password, kind, email, ...rest } = settings
  context.steps.push({
    stage: 'users',
    run: async ({ users }) => {
      const passwordHash = await hash()
      const change: UserAccountChange = {
        ...rest,
        ...(email === undefined ? {} : { email: email === '' ? undefined : email }),
        ...given<UserAccountChange>({ passwordHash }),
      }
      if (current !== undefined) return users.update(name, change)
      const account = await users.create({
        name,
        ...given<{ kind?: UserAccount['kind'] }>({ kind }),
        ...change,
      })
      // Groups that every new user joins are none of those that the document lists.
      const joinsMore =
        rest.groups !== undefined && groupsGivenHere(account).length > new Set(rest.groups).size
      return joinsMore ? users.update(name, given<UserAccountChange>({ groups: rest.groups })) : account
    },
  })
}

/** A user of whom only the name is known. */
const newUser: JsonObject = {
  email: '',
  admin: false,
  profile_updatable: true,
  disable_ui_access: false,
  internal_password_disabled: false,
  status: 'enabled',
  kind: 'person',
  groups: [],
}

function fieldsAfter(before: JsonObject | undefined, settings: NewUserSettings): JsonObject {
  const { admin, email, kind, disabled, groups } = settings
  const changed: JsonObject = {
    admin,
    email,
    kind,
    status: disabled === undefined ? undefined : disabled ? 'disabled' : 'enabled',
    profile_updatable: settings.profileUpdatable,
    disable_ui_access: settings.uiAccessDisabled,
    internal_password_disabled: settings.internalPasswordDisabled,
    groups: groups && [...new Set(groups)].sort(byCodePoint),
  }
  return inOrder({ ...(before ?? newUser), ...given<JsonObject>(changed) })
}

function remove(context: PlanContext, account: UserAccount): void {
  const { name } = account
  context.gone.users.add(name)
  context.touchedUsers.push(name)
  context.endedLogins.push(name)
  context.changes.push({
    change: 'delete',
    path: joined('users', name),
    before: userFields(account),
    after: undefined,
    secrets: [],
    action: 'user.delete',
    subject: { kind: 'user', name },
  })
  context.steps.push({ stage: 'delete users', run: (stores) => stores.users.delete(name) })
}

function groupsGivenHere({ memberships }: UserAccount): readonly string[] {
  const given = memberships.filter(({ source }) => source === internalRealm).map(({ group }) => group)
  return [...new Set(given)].sort(byCodePoint)
}
