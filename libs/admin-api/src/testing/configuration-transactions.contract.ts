import { anonymousAccessSetting } from '@entrepot/access'
import { newDirectoryGroupSettings, newDirectorySettings, type OidcProvider } from '@entrepot/identity'
import { plainGroup } from '@entrepot/identity/testing'
import type { RepositoryId, RepositoryKey } from '@entrepot/repositories'
import { localConfig, virtualConfig } from '@entrepot/repositories/testing'
import { beforeEach, describe, expect, it } from 'vitest'
import {
  type ConfigurationStores,
  type ConfigurationTransactions,
  loadState,
} from '../configuration/configuration-stores.js'

export interface ConfigurationUnderTest {
  readonly transactions: ConfigurationTransactions
  /** Puts an image into the repository. */
  readonly fill: (repository: RepositoryId) => Promise<void>
}

const provider: OidcProvider = {
  name: 'ci',
  description: '',
  issuer: 'https://ci.example',
  providerType: 'generic',
  client: undefined,
  audience: 'entrepot',
  tokenType: 'id-token',
  nameClaim: 'sub',
  groupsClaim: undefined,
  matchesAccounts: false,
  loginSeconds: 3600,
  allowInsecureHttp: false,
}

/** Something of every kind. */
async function writeEverywhere(stores: ConfigurationStores): Promise<void> {
  await stores.groups.create(plainGroup('readers'))
  await stores.users.create({ name: 'ann', groups: ['readers'], admin: true })
  await stores.repositories.apply([
    { config: virtualConfig('all', ['here']), revision: undefined },
    { config: localConfig('here'), revision: undefined },
  ])
  await stores.permissionTargets.create({
    name: 'reading',
    repositories: ['here'],
    includes: [],
    excludes: [],
    users: {},
    groups: { readers: ['read'] },
  })
  const urls = ['ldap://ldap.example']
  await stores.directories.create('corp', newDirectorySettings({ key: 'corp', urls }))
  await stores.directories.create('lab', newDirectorySettings({ key: 'lab', urls }))
  await stores.directories.reorder(['lab', 'corp'])
  await stores.directoryGroups.create('teams', newDirectoryGroupSettings({ name: 'teams' }))
  await stores.oidcProviders.create(provider)
  await stores.settings.replace(anonymousAccessSetting, { enabled: true }, 0)
}

const names = (state: Awaited<ReturnType<typeof loadState>>) => ({
  repositories: state.repositories.map(({ config }) => config.key),
  users: state.users.map(({ name, memberships }) => [name, ...memberships.map(({ group }) => group)]),
  groups: state.groups.map(({ name }) => name),
  permissionTargets: state.permissionTargets.map(({ target }) => target.name),
  directories: state.directories.map(({ name }) => name),
  directoryGroups: state.directoryGroups.map(({ name }) => name),
  oidcProviders: state.oidcProviders.map((one) => one.provider.name),
  anonymousAccess: state.anonymousAccess?.value,
})

const all = {
  repositories: ['all', 'here'],
  users: [['ann', 'readers']],
  groups: ['readers'],
  permissionTargets: ['reading'],
  directories: ['lab', 'corp'],
  directoryGroups: ['teams'],
  oidcProviders: ['ci'],
  anonymousAccess: { enabled: true },
}

const nothing = {
  repositories: [],
  users: [],
  groups: [],
  permissionTargets: [],
  directories: [],
  directoryGroups: [],
  oidcProviders: [],
  anonymousAccess: undefined,
}

/** @param open with stores that are empty */
export function configurationTransactionsContract(
  name: string,
  open: () => Promise<ConfigurationUnderTest>,
): void {
  describe(`${name}, as transactions over all that is administered`, () => {
    let under: ConfigurationUnderTest
    beforeEach(async () => {
      under = await open()
    })
    const stored = async () => names(await under.transactions.snapshot(loadState))

    it('does everything that a transaction says', async () => {
      expect(await stored()).toEqual(nothing)
      await under.transactions.transaction(async (stores) => {
        await writeEverywhere(stores)
        expect(names(await loadState(stores))).toEqual(all)
      })
      expect(await stored()).toEqual(all)
    })

    it('does nothing of a transaction that fails, however late', async () => {
      const failing = under.transactions.transaction(async (stores) => {
        await writeEverywhere(stores)
        throw new Error('after everything')
      })
      await expect(failing).rejects.toThrow('after everything')
      expect(await stored()).toEqual(nothing)
    })

    it('does nothing of a transaction in which a store refuses', async () => {
      const failing = under.transactions.transaction(async (stores) => {
        await writeEverywhere(stores)
        await stores.permissionTargets.update(
          { name: 'reading', repositories: [], includes: [], excludes: [], users: {}, groups: {} },
          4711,
        )
      })
      await expect(failing).rejects.toMatchObject({ code: 'CONFLICT' })
      expect(await stored()).toEqual(nothing)
    })

    it('looks at the end whether anybody can administer, and not in between', async () => {
      await under.transactions.transaction(writeEverywhere)
      await under.transactions.transaction(async ({ users }) => {
        await users.update('ann', { admin: false })
        await users.create({ name: 'bob', admin: true })
      })
      const leaving = under.transactions.transaction(async ({ users, groups }) => {
        await users.delete('bob')
        await groups.delete('readers')
      })
      await expect(leaving).rejects.toMatchObject({ code: 'CONFLICT' })
      expect(await stored()).toEqual({ ...all, users: [['ann', 'readers'], ['bob']] })
    })

    it('has two wait for each other', async () => {
      const outcomes = await Promise.all(
        [1, 2, 3, 4].map(() =>
          under.transactions.transaction(async (stores) => {
            const isThere = (await stores.groups.list({ limit: 10, after: undefined })).items.length > 0
            if (!isThere) await writeEverywhere(stores)
            return isThere
          }),
        ),
      )
      expect(outcomes.filter((isThere) => !isThere)).toHaveLength(1)
      expect(await stored()).toEqual(all)
    })

    it('knows what holds content', async () => {
      await under.transactions.transaction(writeEverywhere)
      const idOf = async (key: string) =>
        (await under.transactions.snapshot(loadState)).repositories.find(({ config }) => config.key === key)
          ?.id ?? (0 as RepositoryId)
      const [here, virtual] = [await idOf('here'), await idOf('all')]
      await under.fill(here)
      const asked = async (stores: ConfigurationStores) => [
        await stores.holdsContent(here),
        await stores.holdsContent(virtual),
      ]
      expect(await under.transactions.snapshot(asked)).toEqual([true, false])
      expect(await under.transactions.transaction(asked)).toEqual([true, false])
      await under.transactions.transaction(async ({ repositories }) => {
        await repositories.delete('all' as RepositoryKey)
        await repositories.delete('here' as RepositoryKey)
      })
      expect((await stored()).repositories).toEqual([])
    })
  })
}
