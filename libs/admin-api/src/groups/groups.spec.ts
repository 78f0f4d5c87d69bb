import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AdminApiApp, errorsOf } from '../testing/admin-api-app.js'

const v1 = '/artifactory/api/security/groups'
const v2 = '/access/api/v2/groups'

let app: AdminApiApp
beforeAll(async () => {
  app = await AdminApiApp.start({ publicUrl: 'https://registry.example' })
  for (const name of ['ann', 'bob']) await app.addUser(name)
})
afterAll(() => app.close())

const status = async (sent: Promise<{ status: number }>) => (await sent).status

describe('groups', () => {
  it('of v1 are created, shown, changed and deleted as Terraform does it', async () => {
    const body = {
      name: 'v1 group',
      description: 'd',
      autoJoin: false,
      adminPrivileges: false,
      externalId: 'cn=g',
      userNames: ['ann'],
    }
    const path = `${v1}/v1%20group`
    expect(await status(app.send('PUT', path, body))).toBe(201)
    const rights = { watchManager: false, policyManager: false, reportsManager: false }
    const shown = { ...body, realm: 'internal', ...rights }
    expect((await app.send('GET', `${path}?includeUsers=true`)).json).toEqual(shown)
    expect((await app.send('GET', `${path}?includeUsers=True`)).json).toEqual(shown)
    expect(await status(app.send('GET', `${path}?includeUsers=some`))).toBe(400)
    const { userNames: _members, ...withoutMembers } = shown
    expect((await app.send('GET', path)).json).toEqual(withoutMembers)
    expect(await status(app.send('POST', path, { externalId: '', userNames: ['BOB'] }))).toBe(200)
    const { externalId: _id, ...changed } = { ...shown, userNames: ['ann', 'bob'] }
    expect((await app.send('GET', `${path}?includeUsers=true`)).json).toEqual(changed)
    expect(await status(app.send('POST', path, { userNames: [] }))).toBe(200)
    expect((await app.send('GET', `${path}?includeUsers=true`)).json).toEqual(changed)
    expect(await status(app.send('PUT', path, { userNames: ['bob'] }))).toBe(201)
    expect((await app.send('GET', `${path}?includeUsers=true`)).json).toEqual({
      ...changed,
      userNames: ['bob'],
    })
    expect((await app.send('GET', v1)).json).toContainEqual({
      name: 'v1 group',
      uri: `https://registry.example${path}`,
    })
    expect(await status(app.send('DELETE', path))).toBe(200)
    expect(await status(app.send('GET', path))).toBe(404)
    expect(await status(app.send('POST', path, {}))).toBe(404)
  })

  it('give what they give, and take it, at the next request', async () => {
    const authorization = await app.administrationToken('ann')
    const answered = () => status(app.send('GET', v2, undefined, { authorization }))
    expect(await answered()).toBe(403)
    const path = `${v2}/keepers`
    await app.send('POST', v2, { name: 'keepers', admin_privileges: true, members: ['ANN'] })
    expect(await answered()).toBe(200)
    await app.send('PATCH', path, { admin_privileges: false })
    expect(await answered()).toBe(403)
    await app.send('PATCH', path, { admin_privileges: true })
    expect(await answered()).toBe(200)
    await app.send('PATCH', `${path}/members`, { remove: ['ann'] })
    expect(await answered()).toBe(403)
    await app.send('PATCH', path, { members: ['ann'] })
    expect(await answered()).toBe(200)
    await app.send('DELETE', path)
    expect(await answered()).toBe(403)
  })

  it('of v2 are created, shown, changed and deleted', async () => {
    const created = await app.send('POST', v2, { name: 'v2', auto_join: true, members: ['ann'] })
    const shown = {
      name: 'v2',
      auto_join: true,
      admin_privileges: false,
      realm: 'internal',
      members: ['ann'],
    }
    expect([created.status, created.json]).toEqual([201, shown])
    const changed = await app.send('PATCH', `${v2}/v2`, { description: 'd', auto_join: false })
    expect([changed.status, changed.json]).toEqual([200, { ...shown, description: 'd', auto_join: false }])
    const members = await app.send('PATCH', `${v2}/v2/members`, { add: ['bob'], remove: ['ann'] })
    expect([members.status, members.json]).toEqual([200, { members: ['bob'] }])
    expect((await app.send('GET', v2)).json).toMatchObject({ groups: [{ group_name: 'v2' }] })
    expect(await status(app.send('POST', v2, { name: 'v2' }))).toBe(409)
    expect(await status(app.send('DELETE', `${v2}/v2`))).toBe(204)
    expect(await status(app.send('DELETE', `${v2}/v2`))).toBe(404)
  })

  it.each([
    [{}, 'name is missing'],
    [{ name: 'a/b' }, 'group name "a/b" is not possible'],
    [{ name: ' a' }, 'is not possible'],
    [{ name: 'a\nb' }, 'is not possible'],
    [{ name: 'x', auto_join: 1 }, 'auto_join is 1, expected true or false'],
    [{ name: 'x', auto_join: true, admin_privileges: true }, 'can not be one that every new user joins'],
    [{ name: 'x', members: ['nobody'] }, 'there is no user "nobody"'],
  ])('are refused as %j', async (body, message) => {
    const answer = await app.send('POST', v2, body)
    expect(answer.status).toBe(400)
    expect(errorsOf(answer).join()).toContain(message)
    expect(await app.ports.accounts.groups.find('x')).toBeUndefined()
  })

  it('keep the last administrator', async () => {
    await app.addGroup('chiefs', { adminPrivileges: true })
    await app.addUser('chief', { groups: ['chiefs'] })
    const authorization = await app.addUser('helper', { groups: ['chiefs'] })
    await app.send('DELETE', '/access/api/v2/users/chief')
    await app.users.update('admin', { disabled: true })
    const ask = { authorization }
    const answers = [
      await app.send('PATCH', `${v2}/chiefs`, { admin_privileges: false }, ask),
      await app.send('PATCH', `${v2}/chiefs/members`, { remove: ['helper'] }, ask),
      await app.send('DELETE', `${v1}/chiefs`, undefined, ask),
      await app.send('PATCH', '/access/api/v2/users/helper/groups', { remove: ['chiefs'] }, ask),
    ]
    await app.users.update('admin', { disabled: false })
    expect(answers.map((answer) => answer.status)).toEqual([409, 409, 409, 409])
    expect(await app.ports.accounts.groups.members('chiefs')).toEqual(['helper'])
  })

  it('leave what was there before and after in the audit trail', async () => {
    const from = app.audited.length
    await app.send('PUT', `${v1}/seen`, { description: 'one' })
    await app.send('PATCH', `${v2}/seen/members`, { add: ['ann'] })
    await app.send('DELETE', `${v2}/seen`)
    expect(app.audited.slice(from)).toMatchObject([
      { action: 'group.create', after: { description: 'one', members: [] } },
      { action: 'group.update', before: { members: [] }, after: { members: ['ann'] } },
      { action: 'group.delete', before: { members: ['ann'] }, subject: { kind: 'group', name: 'seen' } },
    ])
  })
})
