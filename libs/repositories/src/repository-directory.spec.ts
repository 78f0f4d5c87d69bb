import { MemoryBroadcast } from '@entrepot/coordination/testing'
import { silentLogger } from '@entrepot/kernel'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { RepositoryConfig, RepositoryKey } from './repository-config.js'
import { RepositoryDirectory } from './repository-directory.js'
import { InMemoryRepositoryStore } from './testing/in-memory-repository-store.js'
import { localConfig, remoteConfig, virtualConfig } from './testing/repository-configs.js'

describe('the directory of repositories', () => {
  let store: InMemoryRepositoryStore
  let broadcast: MemoryBroadcast
  let directory: RepositoryDirectory

  beforeEach(async () => {
    store = new InMemoryRepositoryStore()
    broadcast = new MemoryBroadcast()
    directory = new RepositoryDirectory(store, broadcast, silentLogger)
    await directory.start()
    await directory.create(localConfig('docker-local'))
  })

  afterEach(async () => {
    directory.stop()
    await broadcast.close()
  })

  test('shows a repository at once after it was created', () => {
    expect(directory.find('docker-local')?.config.rclass).toBe('local')
    expect(directory.find('docker-remote')).toBeUndefined()
  })

  test('refuses a key that is taken', async () => {
    await expect(directory.create(localConfig('docker-local'))).rejects.toMatchObject({ code: 'CONFLICT' })
  })

  test('refuses a virtual whose member does not exist, naming it', async () => {
    await expect(directory.create(virtualConfig('docker', ['docker-local', 'nowhere']))).rejects.toThrow(
      /"nowhere"/,
    )
    expect(directory.find('docker')).toBeUndefined()
  })

  test('refuses a virtual that contains itself, directly or through others, naming the path', async () => {
    await expect(directory.create(virtualConfig('a', ['a']))).rejects.toThrow('a -> a')
    await directory.create(virtualConfig('a', ['docker-local']))
    await directory.create(virtualConfig('b', ['a']))
    await directory.create(virtualConfig('c', ['b']))
    const closeTheCircle = directory.update('a', () => virtualConfig('a', ['docker-local', 'c']))
    await expect(closeTheCircle).rejects.toThrow('a -> c -> b -> a')
    expect(directory.find('a')?.config).toEqual(virtualConfig('a', ['docker-local']))
  })

  test('refuses a deployment target that is not local, and ignores one that does not exist', async () => {
    await directory.create(remoteConfig('hub', 'https://registry-1.docker.io'))
    const toRemote = virtualConfig('docker', ['hub'], { defaultDeploymentRepo: 'hub' as RepositoryKey })
    await expect(directory.create(toRemote)).rejects.toMatchObject({ code: 'REQUEST_INVALID' })
    const toNowhere = virtualConfig('docker', ['hub'], { defaultDeploymentRepo: 'gone' as RepositoryKey })
    await expect(directory.create(toNowhere)).resolves.toBeDefined()
  })

  test('refuses a deployment target that is no member, and takes one of a nested virtual', async () => {
    await directory.create(localConfig('other'))
    await directory.create(virtualConfig('inner', ['docker-local']))
    const target = { defaultDeploymentRepo: 'docker-local' as RepositoryKey }
    const outside = directory.create(virtualConfig('docker', ['other'], target))
    await expect(outside).rejects.toThrow('docker-local is no member of virtual repository docker')
    await expect(directory.create(virtualConfig('docker', ['other', 'inner'], target))).resolves.toBeDefined()
  })

  test('makes several at once, of which one may list another, or none of them', async () => {
    const several = [virtualConfig('all', ['one', 'two']), localConfig('one'), localConfig('two')]
    expect((await directory.createAll(several)).map(({ config }) => config)).toEqual(several)
    const taken = [localConfig('three'), localConfig('one')]
    await expect(directory.createAll(taken)).rejects.toMatchObject({ code: 'CONFLICT' })
    const missing = [localConfig('three'), virtualConfig('more', ['three', 'nowhere'])]
    await expect(directory.createAll(missing)).rejects.toThrow('"nowhere"')
    const twice = [localConfig('three'), localConfig('three')]
    await expect(directory.createAll(twice)).rejects.toThrow('three is given more than once')
    expect(directory.find('three')).toBeUndefined()
  })

  test('refuses virtuals made at once that contain each other', async () => {
    const circle = [
      virtualConfig('outside', ['a'], { defaultDeploymentRepo: 'docker-local' as RepositoryKey }),
      virtualConfig('a', ['b']),
      virtualConfig('b', ['a']),
    ]
    await expect(directory.createAll(circle)).rejects.toMatchObject({ code: 'REQUEST_INVALID' })
    await expect(directory.createAll(circle.slice(1))).rejects.toThrow('a -> b -> a')
  })

  test('changes several at once, or none of them', async () => {
    await directory.create(localConfig('other'))
    const noting = (key: string, notes: string) => ({
      key,
      change: (config: RepositoryConfig) => ({ ...config, notes }),
    })
    await directory.updateAll([noting('docker-local', 'n'), noting('other', 'm')])
    expect(['docker-local', 'other'].map((key) => directory.find(key)?.config.notes)).toEqual(['n', 'm'])
    const withUnknown = directory.updateAll([noting('other', 'x'), noting('nowhere', 'x')])
    await expect(withUnknown).rejects.toMatchObject({ code: 'NAME_UNKNOWN' })
    expect(directory.find('other')?.config.notes).toBe('m')
  })

  test('refuses to change the kind', async () => {
    await expect(
      directory.update('docker-local', () => virtualConfig('docker-local', [])),
    ).rejects.toMatchObject({
      code: 'REQUEST_INVALID',
    })
  })

  test('answers NAME_UNKNOWN to a change of what is not there', async () => {
    await expect(directory.update('nowhere', (config) => config)).rejects.toMatchObject({
      code: 'NAME_UNKNOWN',
    })
  })

  test('loses nothing of concurrent changes', async () => {
    const other = new RepositoryDirectory(store, broadcast, silentLogger)
    await other.start()
    const letters = 'abcdefghijklmnopqrstuvwxyz'.split('')
    const changes = letters.map((letter, position) =>
      (position % 3 === 0 ? other : directory).update('docker-local', (config) => ({
        ...config,
        description: `${config.description}${letter}`,
      })),
    )
    await Promise.all(changes)
    other.stop()
    const [stored] = await store.list()
    expect(stored?.config.description.split('').sort()).toEqual(letters)
  })

  test('refuses to delete a member of a virtual, naming the virtual', async () => {
    await directory.create(virtualConfig('docker', ['docker-local']))
    await expect(directory.delete('docker-local' as RepositoryKey)).rejects.toThrow('docker')
    expect(await directory.delete('docker' as RepositoryKey)).toBe(true)
    expect(await directory.delete('docker-local' as RepositoryKey)).toBe(true)
    expect(await directory.delete('docker-local' as RepositoryKey)).toBe(false)
  })

  test('tells the other replicas of a change', async () => {
    const other = new RepositoryDirectory(store, broadcast, silentLogger)
    await other.start()
    let seen = 0
    other.onChange(() => (seen += 1))
    await directory.create(localConfig('late'))
    await expect.poll(() => other.find('late')?.config.key).toBe('late')
    expect(seen).toBe(1)
    other.stop()
  })

  test('finds a change by itself when the hint was lost', async () => {
    await store.create(localConfig('behind-its-back'))
    await expect
      .poll(() => directory.find('behind-its-back')?.config.key, { timeout: 3000 })
      .toBe('behind-its-back')
  })

  test('reads no more often than it has to when many changes are told at once', async () => {
    await new Promise((resolve) => setTimeout(resolve, 5))
    let reads = 0
    const list = store.list.bind(store)
    store.list = async () => {
      reads += 1
      await new Promise((resolve) => setTimeout(resolve, 20))
      return list()
    }
    for (let hints = 0; hints < 10; hints += 1) await broadcast.publish('repositories', 'docker-local')
    await directory.create(localConfig('late'))
    expect(directory.find('late')).toBeDefined()
    expect(reads).toBeLessThanOrEqual(4)
  })

  test('fills up what was stored before there was a field, with what was kept of it or its default', async () => {
    const {
      hardFail: _hardFail,
      queryParams: _queryParams,
      ...older
    } = remoteConfig('older', 'https://a.example')
    const extra = { queryParams: 'a=1', remoteRepoLayoutRef: 'kept' }
    await store.create({ ...older, extra } as unknown as RepositoryConfig)
    const { maxUniqueTags: _limit, dockerTagRetention: _kept, ...plain } = localConfig('plain')
    await store.create(plain as unknown as RepositoryConfig)
    await directory.create(localConfig('another'))
    expect(directory.find('older')?.config).toEqual(
      remoteConfig('older', 'https://a.example', {
        queryParams: 'a=1',
        extra: { remoteRepoLayoutRef: 'kept' },
      }),
    )
    expect(directory.find('plain')?.config).toEqual(localConfig('plain'))
    expect(directory.all().map(({ config }) => config.key)).toEqual([
      'another',
      'docker-local',
      'older',
      'plain',
    ])
  })
})
