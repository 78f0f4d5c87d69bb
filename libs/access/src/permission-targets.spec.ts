import { MemoryBroadcast } from '@entrepot/coordination/testing'
import { silentLogger } from '@entrepot/kernel'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { PermissionTarget } from './permission-target.js'
import { PermissionTargets } from './permission-targets.js'
import { InMemoryPermissionTargetStore } from './testing/in-memory-permission-target-store.js'
import { permissionTarget } from './testing/permission-target.js'

describe('the permission targets', () => {
  let store: InMemoryPermissionTargetStore
  let broadcast: MemoryBroadcast
  let targets: PermissionTargets

  beforeEach(async () => {
    store = new InMemoryPermissionTargetStore()
    broadcast = new MemoryBroadcast()
    targets = new PermissionTargets(store, broadcast, silentLogger)
    await targets.start()
    await targets.create(permissionTarget('one', { users: { anna: ['read'] } }))
  })

  afterEach(async () => {
    targets.stop()
    await broadcast.close()
  })

  const named = (name: string) => targets.find(name)?.target
  const withUser = (user: string) => (current: PermissionTarget) => ({
    ...current,
    users: { ...current.users, [user]: ['read' as const] },
  })

  it('show a target at once after it was created, changed and deleted', async () => {
    expect(named('one')).toEqual(permissionTarget('one', { users: { anna: ['read'] } }))
    await targets.update('one', withUser('bert'))
    expect(Object.keys(named('one')?.users ?? {})).toEqual(['anna', 'bert'])
    expect(await targets.delete('one')).toBe(true)
    expect(targets.all()).toEqual([])
    expect(await targets.delete('one')).toBe(false)
  })

  it('refuse a name that is taken and a change to what is not there', async () => {
    await expect(targets.create(permissionTarget('one'))).rejects.toMatchObject({ code: 'CONFLICT' })
    const change = targets.update('none', withUser('bert'))
    await expect(change).rejects.toMatchObject({ code: 'NAME_UNKNOWN' })
  })

  it('refuse another name in a change', async () => {
    const change = targets.update('one', (current) => ({ ...current, name: 'two' }))
    await expect(change).rejects.toMatchObject({ code: 'REQUEST_INVALID' })
  })

  it('check what is created and what is changed, and keep what was', async () => {
    const wrong = { includes: ['a,b'] }
    await expect(targets.create(permissionTarget('two', wrong))).rejects.toMatchObject({
      code: 'REQUEST_INVALID',
    })
    const change = targets.update('one', (current) => ({ ...current, ...wrong }))
    await expect(change).rejects.toMatchObject({ code: 'REQUEST_INVALID' })
    expect(named('two')).toBeUndefined()
    expect(named('one')?.includes).toEqual([])
  })

  it('lose nothing of changes made at once on two replicas', async () => {
    const other = new PermissionTargets(store, broadcast, silentLogger)
    await other.start()
    const users = ['b', 'c', 'd', 'e', 'f', 'g']
    await Promise.all(
      users.map((user, position) => (position % 2 === 0 ? targets : other).update('one', withUser(user))),
    )
    const [stored] = await store.list()
    expect(Object.keys(stored?.target.users ?? {}).sort()).toEqual(['anna', ...users])
    other.stop()
  })

  it('lose nothing of many changes made at once on one replica', async () => {
    const users = Array.from({ length: 50 }, (_, number) => `user-${number}`)
    await Promise.all(users.map((user) => targets.update('one', withUser(user))))
    expect(Object.keys(targets.find('one')?.target.users ?? {}).sort()).toEqual(['anna', ...users].sort())
  })

  it('give up where others are quicker time after time', async () => {
    const update = store.update.bind(store)
    let attempts = 0
    store.update = async (target, revision) => {
      attempts += 1
      await update(target, revision)
      return update(target, revision)
    }
    const change = targets.update('one', withUser('bert'))
    await expect(change).rejects.toMatchObject({ code: 'CONFLICT' })
    expect(attempts).toBe(20)
  })

  it('store nothing where nothing changes', async () => {
    const before = await store.version()
    await targets.update('one', (current) => current)
    expect(await store.version()).toBe(before)
  })

  it('read the targets again only when there is a change', async () => {
    const list = vi.spyOn(store, 'list')
    let changes = 0
    targets.onChange(() => (changes += 1))
    await broadcast.publish('permission_targets', 'one')
    await broadcast.publish('permission_targets', 'one')
    await targets.update('one', withUser('bert'))
    expect(changes).toBe(1)
    expect(list).toHaveBeenCalledTimes(1)
  })

  it('forget a user, however written, a group and a repository that are gone, and nobody else', async () => {
    const two = permissionTarget('two', {
      repositories: ['docker-local', 'hub'],
      users: { Anna: ['read'], bert: ['read'] },
      groups: { anna: ['read'], people: ['deploy'] },
    })
    await targets.create(two)
    await targets.forget({ user: 'ANNA' })
    expect(named('one')?.users).toEqual({})
    expect(named('two')).toEqual({ ...two, users: { bert: ['read'] } })
    await targets.forget({ group: 'people' })
    await targets.forget({ group: 'ANNA' })
    await targets.forget({ repository: 'hub' })
    expect(named('two')).toEqual({
      ...two,
      repositories: ['docker-local'],
      users: { bert: ['read'] },
      groups: { anna: ['read'] },
    })
  })

  it('forget also what is in a target that is deleted meanwhile', async () => {
    await targets.create(permissionTarget('two', { users: { anna: ['read'] } }))
    const update = store.update.bind(store)
    store.update = async (target, revision) => {
      await store.delete('two')
      return update(target, revision)
    }
    await targets.forget({ user: 'anna' })
    expect(targets.all().map(({ target }) => target)).toEqual([permissionTarget('one')])
  })
})
