import { localConfig, remoteConfig, virtualConfig } from '@entrepot/repositories/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { PromotedTag, PromotionRequest } from './promotion.js'
import type { RequestContext } from './request-context.js'
import { Workbench } from './testing/workbench.js'

let bench: Workbench
beforeEach(async () => {
  bench = new Workbench()
  await bench.add(
    localConfig('dev'),
    localConfig('other'),
    localConfig('prod', { excludesPattern: '**/hidden' }),
    virtualConfig('all', ['dev', 'other', 'prod'], { defaultDeploymentRepo: 'dev' as never }),
    remoteConfig('remote', 'http://127.0.0.1:1'),
  )
  await bench.pushImage('dev', 'team/app', 'v1')
  await bench.pushImage('dev', 'team/app', 'v2')
})
afterEach(() => bench.close())

interface Asked extends Partial<Omit<PromotionRequest, 'source' | 'target'>> {
  readonly from?: string
  readonly into?: string
}

async function promote(asked: Asked, context: RequestContext = bench.context()): Promise<PromotedTag[]> {
  const { from = 'dev', into = 'prod', ...rest } = asked
  const request = { image: 'team/app', copy: false, ...rest }
  const sides = { source: bench.repository(from), target: bench.repository(into) }
  const promoted: PromotedTag[] = []
  for await (const each of bench.promotion.promote({ ...request, ...sides }, context)) promoted.push(each)
  return promoted
}

const has = async (key: string, image: string, tag: string) =>
  (await bench.pull(key, image, tag)) !== undefined

describe('Promotion', () => {
  it('moves one tag, under another name if so wished', async () => {
    const [promoted, ...others] = await promote({ tag: 'v1', targetTag: '1.0', targetImage: 'release/app' })
    expect(others).toEqual([])
    expect(promoted).toMatchObject({
      from: { repository: 'dev', image: 'team/app', tag: 'v1' },
      to: { repository: 'prod', image: 'release/app', tag: '1.0' },
      replaced: undefined,
    })
    expect(await has('prod', 'release/app', '1.0')).toBe(true)
    expect(await has('dev', 'team/app', 'v1')).toBe(false)
    expect(await has('dev', 'team/app', 'v2')).toBe(true)
  })

  it('copies all tags of an image', async () => {
    expect((await promote({ copy: true })).map(({ to }) => to.tag)).toEqual(['v1', 'v2'])
    for (const key of ['dev', 'prod']) {
      for (const tag of ['v1', 'v2']) expect(await has(key, 'team/app', tag)).toBe(true)
    }
  })

  it('yields nothing for what is not there or may not be read', async () => {
    expect(await promote({ tag: 'none' })).toEqual([])
    expect(await promote({ image: 'none' })).toEqual([])
    expect(await promote({ from: 'remote', copy: true })).toEqual([])
    expect(await promote({ tag: 'v1' }, bench.only(['deploy', 'delete'], 'dev', 'prod'))).toEqual([])
    const some = bench.toTags('bob', { actions: ['read'], tags: /1$/ }, { actions: ['deploy'] })
    expect(await promote({ copy: true }, some)).toMatchObject([{ to: { tag: 'v1' } }])
  })

  it.each([
    ['deploy at the target', [{ actions: ['read', 'delete'] }, { actions: ['deploy'], in: ['dev'] }]],
    ['delete at the source', [{ actions: ['read', 'deploy'] }, { actions: ['delete'], in: ['prod'] }]],
    ['delete of every tag', [{ actions: ['read', 'deploy'] }, { actions: ['delete'], tags: /1$/ }]],
  ] as const)('refuses who has no right to %s, before anything is moved', async (_, grants) => {
    const context = bench.toTags('bob', ...grants)
    await expect(promote({}, context)).rejects.toMatchObject({ code: 'DENIED' })
    expect(await has('prod', 'team/app', 'v1')).toBe(false)
    expect(await has('dev', 'team/app', 'v1')).toBe(true)
  })

  it('takes the right to overwrite to move a tag of the target', async () => {
    const { digest } = await bench.pushImage('prod', 'team/app', 'v1')
    const bob = bench.toTags('bob', { actions: ['read', 'deploy', 'delete'] })
    await expect(promote({ tag: 'v1' }, bob)).rejects.toMatchObject({ code: 'DENIED' })
    expect((await bench.pull('prod', 'team/app', 'v1'))?.value.digest).toBe(digest)
    expect(await promote({ tag: 'v1' })).toMatchObject([{ replaced: digest }])
  })

  it.each([
    ['a pattern of the target', { targetImage: 'team/hidden', tag: 'v1' }, 'DENIED'],
    ['a target that takes no writes', { into: 'remote' }, 'UNSUPPORTED'],
    ['a tag onto itself', { into: 'dev', tag: 'v1' }, 'REQUEST_INVALID'],
    ['a target tag without a tag', { targetTag: 'x' }, 'REQUEST_INVALID'],
    ['what is no image name', { image: '../x' }, 'NAME_INVALID'],
    ['what is no tag', { tag: '-' }, 'TAG_INVALID'],
  ])('refuses %s', async (_, asked, code) => {
    await expect(promote(asked)).rejects.toMatchObject({ code })
    expect(await has('dev', 'team/app', 'v1')).toBe(true)
  })

  it('moves out of a virtual repository only what its pushes could have put there', async () => {
    await bench.pushImage('other', 'far/app', 'x')
    const far = { from: 'all', image: 'far/app', tag: 'x' }
    await expect(promote(far)).rejects.toMatchObject({ code: 'UNSUPPORTED' })
    expect(await promote({ ...far, copy: true })).toMatchObject([{ from: { repository: 'other' } }])
    expect(await promote({ from: 'all', tag: 'v1' })).toMatchObject([{ from: { repository: 'dev' } }])
  })

  it('leaves the target what its maxUniqueTags and dockerTagRetention allow', async () => {
    const limits = { maxUniqueTags: 2, dockerTagRetention: 2 }
    await bench.directory.update('prod', (config) => ({ ...config, ...limits }))
    const old = await bench.pushImage('prod', 'team/app', 'old')
    const promoted = await promote({ copy: true })
    expect(promoted.map(({ surplus }) => surplus.tags)).toEqual([[], [{ tag: 'old', from: old.digest }]])
    expect(await has('prod', 'team/app', 'old')).toBe(false)
    for (const tag of ['v1', 'v2']) expect(await has('prod', 'team/app', tag)).toBe(true)

    const gone = []
    for (let n = 0; n < 3; n += 1) {
      await bench.pushImage('dev', 'team/app', 'v1')
      for (const { surplus } of await promote({ tag: 'v1', copy: true })) gone.push(...surplus.manifests)
    }
    expect(gone).toEqual([promoted[0]?.digest])
    expect(await bench.pull('prod', 'team/app', promoted[0]?.digest ?? '')).toBeUndefined()
    expect(await has('dev', 'team/app', promoted[0]?.digest ?? '')).toBe(true)
  })
})
