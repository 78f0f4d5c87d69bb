import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AdminApiApp, basic, errorsOf, userPassword } from '../testing/admin-api-app.js'

const path = '/access/api/v1/config/security/password_policy'

let app: AdminApiApp
beforeAll(async () => {
  app = await AdminApiApp.start()
})
afterAll(() => app.close())

const shown = async () => (await app.send('GET', path)).json
const setPassword = (name: string, password: string) =>
  app.send('PUT', `/artifactory/api/security/users/${name}`, { email: 'a@example.org', password })

describe('the password policy', () => {
  it('asks for 8 characters until it is changed', async () => {
    expect(await shown()).toEqual({ uppercase: 0, lowercase: 0, digit: 0, special_char: 0, length: 8 })
  })

  it('is set as a whole or in part, written down, and holds from then on', async () => {
    const put = await app.send('PUT', path, { length: 10, uppercase: 1, special_char: 2, colour: 'red' })
    expect([put.status, put.text, put.headers.get('warning')]).toEqual([
      204,
      '',
      '299 - "ignored unknown fields: colour"',
    ])
    expect(await shown()).toEqual({ uppercase: 1, lowercase: 0, digit: 0, special_char: 2, length: 10 })
    expect(app.audited.at(-1)).toMatchObject({
      action: 'settings.update',
      subject: { kind: 'settings', name: 'passwordPolicy' },
      before: { length: 8 },
      after: { length: 10, special_char: 2 },
    })
    const refused = await setPassword('weak', 'only-lower-case')
    expect([refused.status, errorsOf(refused)]).toEqual([
      400,
      ['the password is refused: it has 0 upper-case letters, expected at least 1'],
    ])
    expect((await setPassword('strong', 'Only-mostly-lower')).status).toBe(201)
    expect((await app.send('PATCH', path, { uppercase: 0 })).status).toBe(204)
    expect(await shown()).toMatchObject({ uppercase: 0, special_char: 2, length: 10 })
    expect((await setPassword('weak', 'only-lower-case')).status).toBe(201)
    expect((await app.send('PUT', path, { digit: 0 })).status).toBe(204)
    expect(await shown()).toMatchObject({ length: 0 })
    expect((await setPassword('short', 'seven77')).status).toBe(400)
    // Who had one before keeps it.
    const user = { authorization: basic('user', userPassword) }
    expect((await app.send('GET', '/artifactory/api/system/ping', undefined, user)).status).toBe(200)
  })

  it.each([
    [{}, 'nothing is given'],
    [{ length: -1 }, 'length is -1, expected a whole number from 0 to 1024'],
    [{ length: '12' }, 'length is "12"'],
    [{ uppercase: 1.5 }, 'uppercase is 1.5'],
    [{ digit: null }, 'nothing is given'],
    [{ specialChar: 1 }, 'specialChar is not a field here, expected special_char'],
  ])('refuses %j', async (body, message) => {
    const before = await shown()
    for (const method of ['PUT', 'PATCH']) {
      const answer = await app.send(method, path, body)
      expect([answer.status, errorsOf(answer).join()]).toEqual([400, expect.stringContaining(message)])
    }
    expect(await shown()).toEqual(before)
  })

  it('is for administrators', async () => {
    const user = { authorization: basic('user', userPassword) }
    for (const method of ['GET', 'PUT', 'PATCH']) {
      const body = method === 'GET' ? undefined : { length: 1 }
      expect((await app.send(method, path, body, user)).status).toBe(403)
    }
  })
})
