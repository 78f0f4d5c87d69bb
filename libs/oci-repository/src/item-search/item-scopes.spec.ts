import { type ItemQuery, parseAql } from '@entrepot/aql'
import { anonymous } from '@entrepot/kernel'
import { userId, userPrincipal } from '@entrepot/kernel/testing'
import { localConfig, remoteConfig, virtualConfig } from '@entrepot/repositories/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Workbench } from '../testing/workbench.js'
import { ItemScopes } from './item-scopes.js'

describe('what a search may look at', () => {
  let bench: Workbench
  let scopes: ItemScopes
  beforeEach(async () => {
    bench = new Workbench()
    scopes = new ItemScopes(bench.directory, bench.repositories)
    await bench.add(localConfig('dev'), localConfig('prod'), remoteConfig('hub', 'http://127.0.0.1:1'))
    await bench.add(virtualConfig('all', ['dev', 'hub']))
    for (const image of ['team/app', 'team/app/web', 'team/application', 'base']) {
      for (const tag of ['v1', 'rc']) await bench.pushImage('dev', image, tag)
    }
  })
  afterEach(() => bench.close())

  const of = (criteria: string, context = bench.context()) =>
    scopes.of(parseAql(`items.find(${criteria})`, new Date()) as ItemQuery, context)
  const keysOf = async (criteria: string, context = bench.context()) =>
    (await of(criteria, context)).repositories.map(({ key }) => key).sort()
  const everyImage = readerOf(() => bench)

  it('is all of every repository for an administrator, and everybody’s builds', async () => {
    const scope = await of('{}')
    expect(scope.whole).toHaveLength(3)
    expect(scope.images).toEqual([])
    expect(scope.publisher).toBeUndefined()
  })

  it('is the repositories that the query can be about, those of a virtual one by its name', async () => {
    expect(await keysOf('{"repo": "dev"}')).toEqual(['dev'])
    expect(await keysOf('{"repo": "hub-cache"}')).toEqual(['hub'])
    expect(await keysOf('{"$or": [{"$and": [{"repo": "all", "name": "x"}]}]}')).toEqual(['dev', 'hub'])
    expect(await keysOf('{"repo": {"$match": "a*"}}')).toEqual([])
    expect(await keysOf('{"repo": {"$ne": "dev"}, "$and": [{"repo": {"$nmatch": "hub*"}}]}')).toEqual([
      'prod',
    ])
    expect(await keysOf('{"$or": [{"repo": "dev"}, {"name": "x"}]}')).toEqual(['dev', 'hub', 'prod'])
  })

  it('is the images and tags that others may read, and their own builds', async () => {
    const whole = await of('{"repo": "dev"}', everyImage())
    expect(whole.whole).toEqual([])
    expect(whole.images.map(({ image }) => image)).toEqual([
      'base',
      'team/app',
      'team/app/web',
      'team/application',
    ])
    const some = await of('{}', bench.toTags('ann', { actions: ['read'], tags: /^v/, in: ['dev'] }))
    expect(some.images).toEqual([])
    expect(some.tags.map(({ image, tag }) => `${image}:${tag}`)).toEqual([
      'base:v1',
      'team/app:v1',
      'team/app/web:v1',
      'team/application:v1',
    ])
    expect(some.closed.map(({ image }) => image)).toEqual([
      'base',
      'team/app',
      'team/app/web',
      'team/application',
    ])
    expect(some.publisher).toBe(userId('ann'))
    const limited = userPrincipal('admin', { admin: true, limits: [] })
    const nothing = bench.context({ principal: limited, may: () => false, mayPartly: () => false })
    expect(await of('{}', nothing)).toMatchObject({ whole: [], images: [], tags: [], publisher: limited.id })
    const groups = bench.context({ ...nothing, principal: userPrincipal('ann', { groupsOnly: true }) })
    expect((await of('{}', groups)).publisher).toBe('')
    const nobody = bench.context({ principal: anonymous, may: () => false, mayPartly: () => false })
    expect(await of('{}', nobody)).toMatchObject({ whole: [], images: [], tags: [], publisher: '' })
  })

  it('is only what the path of the query can be in, where images are looked up', async () => {
    const imagesFor = async (criteria: string) =>
      (await of(criteria, everyImage())).images.map(({ image }) => image)
    expect(await imagesFor('{"path": "team/app/v1"}')).toEqual(['team/app'])
    expect(await imagesFor('{"path": {"$match": "team/app/*"}}')).toEqual(['team/app', 'team/app/web'])
    expect(await imagesFor('{"path": {"$match": "team/app*"}}')).toEqual([
      'team/app',
      'team/app/web',
      'team/application',
    ])
    expect(await imagesFor('{"$and": [{"path": {"$match": "b?se/*"}}]}')).toEqual(['base'])
    expect(await imagesFor('{"path": "none/at/all"}')).toEqual([])
    expect(await imagesFor('{"path": {"$ne": "base/v1"}}')).toHaveLength(4)
  })

  it('leaves out what patterns hide, and repositories that are out of service', async () => {
    await bench.directory.update('dev', (config) => ({ ...config, includesPattern: 'team/app/v*' }))
    const scope = await of('{"repo": "dev"}')
    expect(scope.whole).toEqual([])
    expect(scope.images).toEqual([])
    expect(scope.tags.map(({ image, tag }) => `${image}:${tag}`)).toEqual(['team/app:v1'])
    expect(scope.closed).toEqual([])
    await bench.directory.update('dev', (config) => ({ ...config, blackedOut: true }))
    expect(await keysOf('{"repo": "dev"}')).toEqual([])
  })
})

/** Who may read every image, but is no administrator. */
function readerOf(bench: () => Workbench) {
  return () =>
    bench().context({
      principal: userPrincipal('reader'),
      may: (action, repository) => action === 'read' && repository === 'dev',
      mayPartly: (action, repository) => action === 'read' && repository === 'dev',
    })
}
