import { afterEach, describe, expect, it } from 'vitest'
import { AdminApiApp, basic, errorsOf, userPassword } from '../testing/admin-api-app.js'
import { wholeDocument, wholeDocumentSecrets } from '../testing/whole-document.js'

const path = '/artifactory/api/entrepot/config'

let app: AdminApiApp
afterEach(() => app.close())

const apply = (raw: string, password?: { authorization: string }) =>
  app.send('POST', `${path}/apply`, undefined, {
    raw,
    headers: { 'content-type': 'application/yaml' },
    ...password,
  })

describe('a document', () => {
  it('that was exported makes the same again on an empty instance, where its variables are set', async () => {
    app = await AdminApiApp.start()
    for (const [name, text] of Object.entries(wholeDocumentSecrets)) app.secrets.texts.set(name, text)
    expect((await apply(wholeDocument)).status).toBe(200)
    const { text } = await app.send('GET', path)
    await app.close()
    app = await AdminApiApp.start()
    const variables = {
      USER_ADMIN_PASSWORD: 'another of admin 1',
      USER_GONE_PASSWORD: 'another of gone 1',
      USER_USER_PASSWORD: userPassword,
      USER_WHOLE_ANN_PASSWORD: 'ann-secret 1',
      REPOSITORY_WHOLE_REMOTE_PASSWORD: 'remote-secret 1',
      REPOSITORY_WHOLE_REMOTE_QUERY_PARAMS: 'key=secret1',
      DIRECTORY_WHOLE_CORP_MANAGER_PASSWORD: 'manager-secret 1',
      OIDC_WHOLE_CI_CLIENT_SECRET: 'client-secret 1',
    }
    for (const [name, value] of Object.entries(variables))
      app.secrets.texts.set(`ENTREPOT_SECRET_${name}`, value)
    expect((await apply(text)).status).toBe(200)
    const admin = { authorization: basic('admin', 'another of admin 1') }
    expect((await app.send('GET', path, undefined, admin)).text).toBe(text)
    expect((await apply(text, admin)).text).toBe('nothing to change\n')
    expect(app.repositories.find('whole-remote')?.config).toMatchObject({
      password: 'remote-secret 1',
      queryParams: 'key=secret1',
    })
  })

  it('moves the administration from one to another, and never from all', async () => {
    app = await AdminApiApp.start()
    await app.addUser('next')
    const moved = await apply('users: { admin: { admin: false }, next: { admin: true } }')
    expect(moved.text).toContain(
      '~ users.admin\n    admin: true -> false\n~ users.next\n    admin: false -> true\n',
    )
    const next = { authorization: basic('next', userPassword) }
    const refused = await apply(
      'users: { next: { admin: false }, admin: { email: a@registry.example } }',
      next,
    )
    expect([refused.status, errorsOf(refused)]).toEqual([
      409,
      [expect.stringContaining('nobody could administer')],
    ])
    expect((await app.users.find('admin'))?.email).toBeUndefined()
  })

  it('that fails half-way has done nothing, and says nothing in the audit trail', async () => {
    app = await AdminApiApp.start()
    for (const [name, text] of Object.entries(wholeDocumentSecrets)) app.secrets.texts.set(name, text)
    const { text: before } = await app.send('GET', path)
    const audited = app.audited.length
    const { configuration } = app
    const work = configuration.transaction.bind(configuration)
    configuration.transaction = (inside) =>
      work((stores) => {
        const replace = () => Promise.reject(new Error('the disk is on fire'))
        return inside({
          ...stores,
          settings: Object.assign(Object.create(stores.settings) as typeof stores.settings, { replace }),
        })
      })
    expect((await apply(wholeDocument)).status).toBe(500)
    expect((await app.send('GET', path)).text).toBe(before)
    expect(app.audited.slice(audited)).toEqual([])
    configuration.transaction = work
    expect((await apply(wholeDocument)).status).toBe(200)
  })

  it('that two send at once is applied once', async () => {
    app = await AdminApiApp.start()
    for (const [name, text] of Object.entries(wholeDocumentSecrets)) app.secrets.texts.set(name, text)
    const answers = await Promise.all([apply(wholeDocument), apply(wholeDocument), apply(wholeDocument)])
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200])
    const created = answers.filter(({ text }) => text.includes('+ repositories.whole-local'))
    expect(created).toHaveLength(1)
    expect(app.audited.filter(({ subject }) => subject?.name === 'whole-local')).toHaveLength(1)
  })
})
