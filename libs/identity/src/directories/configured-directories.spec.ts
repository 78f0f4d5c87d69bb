import { MemoryBroadcast } from '@entrepot/coordination/testing'
import { systemClock } from '@entrepot/kernel'
import { companyDirectory, companyGroups, InMemoryOrderedSettingsStore } from '@entrepot/identity/testing'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { RecordingDirectoryObserver } from '../testing/recording-directory-observer.js'
import { RecordingLogger } from '../testing/recording-logger.js'
import { ConfiguredDirectories } from './configured-directories.js'
import type { DirectoryGroupSettings, DirectorySettings } from './directory-settings.js'

const url = 'ldap://directory.example/dc=example,dc=com'
const secret = 'canary-configured-44aa'

describe('ConfiguredDirectories', () => {
  const started: ConfiguredDirectories[] = []
  afterEach(() => {
    for (const one of started.splice(0)) one.stop()
  })

  const stores = () => ({
    directories: new InMemoryOrderedSettingsStore<DirectorySettings>(),
    groups: new InMemoryOrderedSettingsStore<DirectoryGroupSettings>(),
  })
  const replica = async (
    shared = stores(),
    broadcast = new MemoryBroadcast(),
    observer = new RecordingDirectoryObserver(),
  ) => {
    const logger = new RecordingLogger()
    const directories = new ConfiguredDirectories(shared, broadcast, systemClock, logger, observer)
    await directories.start()
    started.push(directories)
    return directories
  }
  const settings = (key: string, enabled = true) =>
    companyDirectory([url], { key, enabled, search: { managerPassword: secret } })
  const keys = (directories: ConfiguredDirectories) => directories.all().map(({ key }) => key)

  it('gives those that are switched on, in their order', async () => {
    const directories = await replica()
    for (const key of ['b', 'a', 'c']) await directories.create(settings(key, key !== 'a'))
    expect(keys(directories)).toEqual(['b', 'c'])
    await directories.reorder(['c', 'a', 'b'])
    expect(keys(directories)).toEqual(['c', 'b'])
    expect(directories.settings().map(({ key }) => key)).toEqual(['c', 'a', 'b'])
    expect(directories.find('a')?.key).toBe('a')
    await expect(directories.reorder(['c'])).rejects.toMatchObject({ code: 'CONFLICT' })
  })

  it('tells its observer which are switched on, on every replica, by host and port only', async () => {
    const [shared, broadcast] = [stores(), new MemoryBroadcast()]
    const observers = [new RecordingDirectoryObserver(), new RecordingDirectoryObserver()]
    const [directories] = await Promise.all(observers.map((each) => replica(shared, broadcast, each)))
    if (directories === undefined) throw new Error('there is no replica')
    const told = (expected: unknown) =>
      vi.waitFor(() => expect(observers.map((each) => each.directories)).toEqual([expected, expected]))
    const urls = ['ldaps://one.example/dc=example', 'ldap://[2001:db8::7]:3389/dc=example']
    await directories.create({ ...settings('corp'), urls })
    await directories.create(settings('off', false))
    const corp = { key: 'corp', servers: ['one.example:636', '[2001:db8::7]:3389'] }
    await told([corp])
    await directories.update('off', { enabled: true })
    await told([corp, { key: 'off', servers: ['directory.example:389'] }])
    await directories.update('off', { enabled: false })
    await told([corp])
    await directories.delete('corp')
    await told([])
  })

  it('shows a change on every replica', async () => {
    const [shared, broadcast] = [stores(), new MemoryBroadcast()]
    const [one, other] = [await replica(shared, broadcast), await replica(shared, broadcast)]
    await one.create(settings('corp'))
    await vi.waitFor(() => expect(keys(other)).toEqual(['corp']))
    await one.update('corp', { enabled: false })
    await vi.waitFor(() => expect(keys(other)).toEqual([]))
  })

  it('finds a change without being told of it', async () => {
    const shared = stores()
    const [one, other] = [await replica(shared), await replica(shared)]
    await one.create(settings('corp'))
    await vi.waitFor(() => expect(keys(other)).toEqual(['corp']), { timeout: 3000 })
    await one.delete('corp')
    await one.create({ ...settings('corp'), emailAttribute: 'email' })
    await vi.waitFor(() => expect(other.settings()[0]?.emailAttribute).toBe('email'), { timeout: 3000 })
  })

  it('keeps what a directory knows of its servers when another one changes', async () => {
    const directories = await replica()
    await directories.create(settings('a'))
    const before = directories.find('a')
    await directories.create(settings('b'))
    expect(directories.find('a')).toBe(before)
    await directories.update('a', { emailAttribute: 'email' })
    expect(directories.find('a')).not.toBe(before)
  })

  it('keeps the password that an update leaves out', async () => {
    const directories = await replica()
    await directories.create(settings('corp'))
    await directories.update('corp', { search: { searchFilter: '(cn={0})' } })
    expect(directories.settings()[0]?.search).toMatchObject({
      searchFilter: '(cn={0})',
      managerPassword: secret,
    })
    await expect(directories.update('corp', { urls: ['ldap://elsewhere.example'] })).rejects.toThrow(
      /manager_password/,
    )
    expect(directories.settings()[0]?.urls).toEqual([url])
  })

  it('refuses what can not work before it is stored', async () => {
    const directories = await replica()
    await expect(directories.create(settings('internal'))).rejects.toMatchObject({ code: 'REQUEST_INVALID' })
    await directories.create(settings('corp'))
    await expect(directories.create(settings('corp'))).rejects.toMatchObject({ code: 'CONFLICT' })
    await expect(directories.update('corp', { urls: [] })).rejects.toMatchObject({ code: 'REQUEST_INVALID' })
    await expect(directories.update('other', {})).rejects.toMatchObject({ code: 'NAME_UNKNOWN' })
    expect(await directories.delete('other')).toBe(false)
    expect(directories.settings()).toHaveLength(1)
  })

  it('makes two changes at once one after the other', async () => {
    const shared = stores()
    const [one, other] = [await replica(shared), await replica(shared)]
    await one.create(settings('corp'))
    await Promise.all([
      one.update('corp', { emailAttribute: 'email' }),
      other.update('corp', { pageSize: 7 }),
    ])
    await vi.waitFor(
      () => expect(one.settings()[0]).toMatchObject({ emailAttribute: 'email', pageSize: 7 }),
      { timeout: 3000 },
    )
  })

  it('gives each directory the group settings that name it', async () => {
    const directories = await replica()
    await directories.create(settings('corp'))
    await directories.createGroupSettings(companyGroups({ name: 'one' }))
    await directories.createGroupSettings(companyGroups({ name: 'off', enabledLdap: '' }))
    const groups = () => directories.find('corp')?.groupSettings.map(({ name }) => name)
    expect(groups()).toEqual(['one'])
    await directories.updateGroupSettings('off', { enabledLdap: 'corp' })
    expect(groups()).toEqual(['one', 'off'])
    expect(await directories.deleteGroupSettings('one')).toBe(true)
    expect(groups()).toEqual(['off'])
    const unknown = directories.createGroupSettings(companyGroups({ name: 'two', enabledLdap: 'other' }))
    await expect(unknown).rejects.toThrow(/enabled_ldap is "other".*\(corp\)/)
    await expect(directories.updateGroupSettings('off', { filter: '((' })).rejects.toMatchObject({
      code: 'REQUEST_INVALID',
    })
    await expect(directories.updateGroupSettings('gone', {})).rejects.toMatchObject({ code: 'NAME_UNKNOWN' })
  })
})
