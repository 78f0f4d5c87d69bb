import type { DirectorySettings, OidcProvider } from '@entrepot/identity'
import { companyDirectory } from '@entrepot/identity/testing'
import { remoteConfig } from '@entrepot/repositories/testing'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { PostgresOidcProviderStore } from '../stores/oidc-provider.store.js'
import { PostgresOrderedSettingsStore } from '../stores/ordered-settings.store.js'
import { PostgresRepositoryStore } from '../stores/repository.store.js'
import { PostgresSigningKeyStore } from '../stores/signing-key.store.js'
import { TestDatabase } from '../testing/test-database.js'
import { AesSecretBox } from './aes-secret-box.js'
import { parseMasterKeys } from './master-keys.js'
import { MasterKeyMissing, StoredSecrets } from './stored-secrets.js'

const box = (...bytes: readonly number[]) => {
  const keys = parseMasterKeys(bytes.map((byte) => Buffer.alloc(32, byte).toString('hex')).join(','))
  if (keys === undefined) throw new Error('no keys')
  return new AesSecretBox(keys)
}
const first = box(1)
const second = box(2)
const canaries = ['canary-upstream', 'sig=canary-query', 'canary-manager', 'canary-client', 'canary-signing']

const provider = (): OidcProvider => ({
  name: 'idp',
  description: '',
  issuer: 'https://idp.example',
  providerType: 'generic',
  client: { id: 'entrepot', secret: 'canary-client' },
  audience: undefined,
  tokenType: 'id-token',
  nameClaim: 'sub',
  groupsClaim: undefined,
  matchesAccounts: false,
  loginSeconds: 3600,
  allowInsecureHttp: false,
})

describe('StoredSecrets', () => {
  let db: TestDatabase
  let secrets: StoredSecrets
  beforeAll(async () => {
    db = await TestDatabase.create()
    secrets = new StoredSecrets(db.database)
  })
  afterAll(() => db.close())
  beforeEach(async () => {
    const tables = 'repositories, ldap_settings, oidc_providers, signing_keys, security_settings'
    await db.database.query({ text: `TRUNCATE ${tables} CASCADE` }, [])
  })

  const stores = (with_: AesSecretBox) => ({
    repositories: new PostgresRepositoryStore(db.database, with_),
    directories: new PostgresOrderedSettingsStore<DirectorySettings>(db.database, 'ldap_settings', with_),
    providers: new PostgresOidcProviderStore(db.database, with_),
    signingKeys: new PostgresSigningKeyStore(db.database, with_),
  })

  async function plant(with_: AesSecretBox): Promise<void> {
    const { repositories, directories, providers, signingKeys } = stores(with_)
    await repositories.create(
      remoteConfig('hub', 'https://hub.example', {
        password: 'canary-upstream',
        queryParams: 'sig=canary-query',
      }),
    )
    await repositories.create(remoteConfig('open', 'https://open.example', { password: '' }))
    const search = { managerDn: 'cn=manager', managerPassword: 'canary-manager' }
    await directories.create('corp', companyDirectory(['ldap://corp'], { search }))
    await providers.create(provider())
    const createdAt = new Date()
    await signingKeys.addAsNewest({
      id: 'k1',
      algorithm: 'ES256',
      privateKeyPem: 'canary-signing',
      createdAt,
    })
  }

  /** As an older version left them. */
  async function clear(): Promise<void> {
    const statements = [
      `UPDATE repositories SET config = jsonb_set(config, '{password}', '"canary-upstream"') WHERE key = 'hub'`,
      `UPDATE repositories SET config = jsonb_set(config, '{queryParams}', '"sig=canary-query"') WHERE key = 'hub'`,
      `UPDATE ldap_settings SET config = jsonb_set(config, '{search,managerPassword}', '"canary-manager"')`,
      `UPDATE oidc_providers SET config = jsonb_set(config, '{client,secret}', '"canary-client"')`,
      `UPDATE signing_keys SET private_key_pem = 'canary-signing'`,
    ]
    for (const text of statements) await db.database.query({ text }, [])
  }

  async function read(with_: AesSecretBox): Promise<readonly unknown[]> {
    const { repositories, directories, providers, signingKeys } = stores(with_)
    const hub = (await repositories.list()).find(({ config }) => config.key === 'hub')?.config
    return [
      hub?.rclass === 'remote' ? hub.password : undefined,
      hub?.rclass === 'remote' ? hub.queryParams : undefined,
      (await directories.list())[0]?.config.search?.managerPassword,
      (await providers.list())[0]?.provider.client?.secret,
      (await signingKeys.list())[0]?.privateKeyPem,
    ]
  }

  async function dump(): Promise<string> {
    const tables = ['repositories', 'ldap_settings', 'oidc_providers', 'signing_keys', 'security_settings']
    const rows = await Promise.all(
      tables.map((table) =>
        db.database.query<{ row: string }>({ text: `SELECT t::text AS row FROM ${table} t` }, []),
      ),
    )
    return rows
      .flat()
      .map(({ row }) => row)
      .join('\n')
  }

  it('are stored sealed by every store, and read in clear', async () => {
    await plant(first)
    const dumped = await dump()
    for (const canary of canaries) expect(dumped).not.toContain(canary)
    expect(dumped.match(/\$entrepot\$1\$/g)).toHaveLength(5)
    expect(await read(first)).toEqual(canaries)
  })

  it('are sealed by every change of theirs as well', async () => {
    await plant(first)
    const { repositories, directories, providers } = stores(first)
    const hub = (await repositories.list()).find(({ config }) => config.key === 'hub')
    const changed = await repositories.update(
      remoteConfig('hub', 'https://hub.example', { password: 'canary-new' }),
      hub?.revision ?? 0,
    )
    expect(changed.config).toMatchObject({ password: 'canary-new' })
    const [corp] = await directories.list()
    if (corp === undefined) throw new Error('no directory')
    const search = { managerDn: 'cn=manager', managerPassword: 'canary-new' }
    await directories.update('corp', companyDirectory(['ldap://corp'], { search }), corp.revision)
    const [idp] = await providers.list()
    const client = { id: 'entrepot', secret: 'canary-new' }
    await providers.update({ ...provider(), client }, idp?.revision ?? 0)
    expect(await dump()).not.toContain('canary')
    expect(await read(first)).toEqual(['canary-new', '', 'canary-new', 'canary-new', 'canary-signing'])
  })

  it('that are in clear are read, and sealed by the next start', async () => {
    await plant(first)
    await clear()
    expect(await read(first)).toEqual(canaries)
    expect(await secrets.prepare(first)).toEqual({ sealed: 5, forgotten: [] })
    expect(await dump()).not.toContain('canary')
    expect(await read(first)).toEqual(canaries)
    expect(await secrets.prepare(first)).toEqual({ sealed: 0, forgotten: [] })
  })

  it('keep their revision when they are only sealed', async () => {
    await plant(first)
    await clear()
    const before = await stores(first).repositories.list()
    await secrets.prepare(first)
    expect(await stores(first).repositories.list()).toEqual(before)
  })

  it('know the key of the last start', async () => {
    expect(await secrets.keyId()).toBeUndefined()
    await secrets.prepare(first)
    expect(await secrets.keyId()).toBe(first.currentId)
    await secrets.prepare(box(2, 1))
    expect(await secrets.keyId()).toBe(second.currentId)
  })

  it('are sealed with a new key at a start that knows the old one, and need the old one no more', async () => {
    await plant(first)
    await secrets.prepare(first)
    expect(await secrets.prepare(box(2, 1))).toEqual({ sealed: 5, forgotten: [] })
    expect(await read(second)).toEqual(canaries)
    expect(await secrets.prepare(second)).toEqual({ sealed: 0, forgotten: [] })
  })

  it('refuse another key before it was used, on a database that has no secrets yet too', async () => {
    await secrets.prepare(first)
    await expect(secrets.prepare(second)).rejects.toThrow(new MasterKeyMissing(first.currentId))
    expect(await secrets.keyId()).toBe(first.currentId)
  })

  it('refuse another key while a single secret of an old one is left, and change nothing', async () => {
    await plant(first)
    await clear()
    await secrets.prepare(second)
    const password = first.seal('canary-upstream', 'repositories/hub/password')
    const text = `UPDATE repositories SET config = jsonb_set(config, '{password}', to_jsonb($1::text)) WHERE key = 'hub'`
    await db.database.query({ text }, [password])
    await expect(secrets.prepare(box(3, 2))).rejects.toThrow(new MasterKeyMissing(first.currentId))
    expect((await read(box(1, 2)))[0]).toBe('canary-upstream')
    expect(await secrets.keyId()).toBe(second.currentId)
  })

  it('let one of two servers with different keys win that start at one time', async () => {
    const outcomes = await Promise.allSettled(
      [first, second, first, second].map((each) => secrets.prepare(each)),
    )
    expect(outcomes.filter(({ status }) => status === 'rejected')).toHaveLength(2)
  })

  it('refuse what was moved or changed in the database, and say where and what to do', async () => {
    await plant(first)
    const text = `UPDATE repositories SET config = jsonb_set(config, '{password}',
      (SELECT config -> 'password' FROM repositories WHERE key = 'hub')) WHERE key = 'open'`
    await db.database.query({ text }, [])
    await expect(secrets.prepare(first)).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining('repositories/open/password can not be opened') as string,
    })
  })

  it('are given up with a lost key, and with no other', async () => {
    await plant(first)
    await secrets.prepare(first)
    await expect(secrets.prepare(second, '00000000')).rejects.toThrow(MasterKeyMissing)
    const places = [
      'repositories/hub/password',
      'repositories/hub/queryParams',
      'ldap_settings/corp/search.managerPassword',
      'oidc_providers/idp/client.secret',
      'signing_keys/k1/private_key_pem',
    ]
    expect(await secrets.prepare(second, first.currentId)).toEqual({ sealed: 0, forgotten: places })
    expect(await read(second)).toEqual(Array.from({ length: 5 }, () => undefined))
    expect(await stores(second).signingKeys.list()).toEqual([])
    expect(await secrets.prepare(second)).toEqual({ sealed: 0, forgotten: [] })
  })
})
