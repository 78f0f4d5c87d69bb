import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AdminApiApp, basic, errorsOf, userPassword } from '../testing/admin-api-app.js'

const security = '/artifactory/api/security'
const own = '/artifactory/api/entrepot'

let app: AdminApiApp
beforeAll(async () => {
  app = await AdminApiApp.start()
})
afterAll(() => app.close())

const status = async (sent: Promise<{ status: number }>) => (await sent).status

describe('the lock of users', () => {
  const profile = (name: string, password: string) =>
    status(
      app.send('GET', `/access/api/v2/users/${name}`, undefined, { authorization: basic(name, password) }),
    )

  it('has a policy that is shown and changed', async () => {
    expect((await app.send('GET', `${security}/userLockPolicy`)).json).toEqual({
      enabled: false,
      loginAttempts: 5,
    })
    expect(
      await status(app.send('PUT', `${security}/userLockPolicy`, { enabled: true, loginAttempts: 2 })),
    ).toBe(200)
    expect((await app.send('GET', `${security}/userLockPolicy`)).json).toEqual({
      enabled: true,
      loginAttempts: 2,
    })
    for (const loginAttempts of [0, -1, 1.5, 'five', 10_000]) {
      expect(await status(app.send('PUT', `${security}/userLockPolicy`, { loginAttempts }))).toBe(400)
    }
    expect(app.audited.at(-1)).toMatchObject({
      action: 'settings.update',
      before: { enabled: false },
      after: { enabled: true, loginAttempts: 2 },
    })
  })

  it.each([
    ['unlockUsers/ann', undefined],
    ['unlockUsers', ['ANN', 'nobody']],
    ['unlockAllUsers', undefined],
  ])('ends with %s %j', async (path, body) => {
    await app.addUser('ann').catch(() => undefined)
    for (const expected of [401, 401, 403]) expect(await profile('ann', 'wrong')).toBe(expected)
    expect(await profile('ann', userPassword)).toBe(403)
    expect((await app.send('GET', `${security}/lockedUsers`)).json).toEqual(['ann'])
    expect(await status(app.send('POST', `${security}/${path}`, body))).toBe(200)
    expect(app.audited.at(-1)).toMatchObject({
      action: 'user.unlock',
      subject: { kind: 'user', name: 'ann' },
    })
    expect((await app.send('GET', `${security}/lockedUsers`)).json).toEqual([])
    await app.users.delete('ann')
  })

  it('says so when nobody is locked by a name, and changes nothing', async () => {
    const audited = app.audited.length
    const one = await app.send('POST', `${security}/unlockUsers/Nobody`)
    expect([one.status, one.text]).toEqual([200, 'No user nobody is locked\n'])
    const some = await app.send('POST', `${security}/unlockUsers`, ['nobody', 'user'])
    expect([some.status, some.text]).toEqual([200, 'Users of these names were not locked: nobody, user\n'])
    expect(app.audited).toHaveLength(audited)
  })

  it('says that somebody was unlocked only where that is so', async () => {
    await app.addUser('eve')
    const unlock = async () => (await app.send('POST', `${security}/unlockUsers/eve`)).text
    expect(await profile('eve', 'wrong')).toBe(401)
    expect(await unlock()).toBe('No user eve is locked\n')
    for (const expected of [401, 401, 403]) expect(await profile('eve', 'wrong')).toBe(expected)
    expect((await app.send('POST', `${security}/unlockUsers`, ['eve', 'nobody'])).text).toBe(
      'Users of these names were not locked: nobody\n',
    )
    for (const expected of [401, 401, 403]) expect(await profile('eve', 'wrong')).toBe(expected)
    expect(await unlock()).toBe('The user eve was successfully unlocked\n')
    expect(await profile('eve', userPassword)).toBe(200)
  })

  it('takes a list of texts only', async () => {
    for (const body of [{}, 'ann', [1], null]) {
      expect(await status(app.send('POST', `${security}/unlockUsers`, body))).toBe(400)
    }
  })
})

describe('the anonymous switch', () => {
  it('is off until it is put on', async () => {
    expect((await app.send('GET', `${own}/anonymous`)).json).toEqual({ enabled: false })
    expect((await app.send('PUT', `${own}/anonymous`, { enabled: true })).json).toEqual({ enabled: true })
    expect(app.ports.permissions.anonymous.enabled).toBe(true)
    expect(app.audited.at(-1)).toMatchObject({ before: { enabled: false }, after: { enabled: true } })
    for (const body of [{}, { enabled: 'off' }, { enabled: null }]) {
      expect(await status(app.send('PUT', `${own}/anonymous`, body))).toBe(400)
    }
    expect((await app.send('GET', `${own}/anonymous`)).json).toEqual({ enabled: true })
    const nobody = await app.send('GET', '/artifactory/api/repositories', undefined, {
      authorization: undefined,
    })
    expect(nobody.status).toBe(401)
  })
})

describe('the import of an htpasswd file', () => {
  const bcrypt = '$2y$04$mXjWzJsjuzzODtmPxbeLcO.Z7Vdg8pfmjmvVbsqfqxGxLCBsDoGqS'
  const send = (raw: string, query = '', type = 'text/plain') =>
    app.send('POST', `${security}/users/import/htpasswd${query}`, undefined, {
      raw,
      headers: { 'content-type': type },
    })

  it('makes users line by line, and says which lines it refused', async () => {
    const answer = await send(`imported:${bcrypt}\nbad:plain\n../x:${bcrypt}\nadmin:${bcrypt}\n`)
    expect(answer.status).toBe(200)
    expect(answer.json).toMatchObject({
      created: ['imported'],
      replaced: [],
      refused: [{ line: 2 }, { line: 3 }, { line: 4 }],
    })
    expect(answer.text).not.toContain('mXjWzJ')
    expect(app.audited.at(-1)).toMatchObject({ action: 'user.create', subject: { name: 'imported' } })
    expect((await send(`imported:${bcrypt}`, '?replace=true')).json).toMatchObject({ replaced: ['imported'] })
    expect(app.audited.at(-1)).toMatchObject({ action: 'user.update', after: { password: 'changed' } })
    expect(JSON.stringify(app.audited)).not.toContain('mXjWzJ')
  })

  it('takes plain text only', async () => {
    expect((await send('a:b', '', 'application/json')).status).toBe(415)
    expect((await send('a:b', '?replace=perhaps')).status).toBe(400)
  })
})

describe('the search in the audit trail', () => {
  it.each([
    ['action=pull', 'action is "pull", expected one of login, access, push'],
    ['outcome=denied', 'outcome is "denied", expected one of ok, refused, locked, failed'],
  ])('refuses %s, which no event has', async (query, message) => {
    const answer = await app.send('GET', `${own}/audit?${query}`)
    expect(answer.status).toBe(400)
    expect(answer.text).toContain(JSON.stringify(message).slice(1, -1))
  })

  it('gives the newest first, by page', async () => {
    const store = app.ports.auditEvents as unknown as { add(events: readonly object[]): Promise<void> }
    const event = (actor: string) => ({
      at: new Date('2026-11-20T12:00:00Z'),
      action: 'push',
      outcome: 'ok',
      actor,
      realm: 'internal',
      origin: { address: '192.0.2.7', requestId: `r-${actor}` },
      subject: { kind: 'image', name: 'docker-local/app:1' },
    })
    await store.add(['a', 'b', 'c'].map(event))
    const first = (await app.send('GET', `${own}/audit?limit=2&action=push`)).json as {
      events: { actor: string }[]
      cursor: string
    }
    expect(first.events.map(({ actor }) => actor)).toEqual(['c', 'b'])
    const second = await app.send('GET', `${own}/audit?limit=2&action=push&cursor=${first.cursor}`)
    expect(second.json).toMatchObject({
      events: [
        {
          at: '2026-11-20T12:00:00.000Z',
          action: 'push',
          outcome: 'ok',
          actor: 'a',
          realm: 'internal',
          address: '192.0.2.7',
          request_id: 'r-a',
          subject_kind: 'image',
          subject: 'docker-local/app:1',
        },
      ],
    })
    expect(second.json).not.toHaveProperty('cursor')
    const filtered = await app.send('GET', `${own}/audit?actor=b&from=2026-11-20&to=2026-11-21T00:00:00Z`)
    expect((filtered.json as typeof first).events).toHaveLength(1)
  })

  it.each([
    ['limit=0', 'limit is "0"'],
    ['limit=1001', 'limit is "1001"'],
    ['from=yesterday', 'from is "yesterday"'],
    ['actor=a&actor=b', 'actor is given more than once'],
    ['user=a', 'parameter "user" is unknown'],
    ['cursor=x', ''],
  ])('refuses %s', async (query, message) => {
    const answer = await app.send('GET', `${own}/audit?${query}`)
    expect(answer.status).toBe(400)
    expect(errorsOf(answer).join()).toContain(message)
  })
})
