import { localConfig, virtualConfig } from '@entrepot/repositories/testing'
import { parseTag } from '@entrepot/oci-model'
import type { RepositoryId, RepositoryKey } from '@entrepot/repositories'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { nameOf, Workbench } from '../testing/workbench.js'
import { TagFinder } from './tag-finder.js'
import type { FoundTag, TagPage, TagQuery, TagSearchStore } from './tag-search-store.js'

/** Many tags of one image, by name; counts what is asked. */
class ManyTags implements TagSearchStore {
  readonly asked: (TagPage & Pick<TagQuery, 'repositories'>)[] = []

  constructor(
    private readonly count: number,
    private readonly nameAt: (n: number) => string,
  ) {}

  async find({ repositories }: TagQuery, page: TagPage): Promise<readonly FoundTag[]> {
    this.asked.push({ ...page, repositories })
    const [repository = 0 as RepositoryId] = repositories
    const all = Array.from({ length: this.count }, (_, n) => parseTag(this.nameAt(n)))
    const after = page.after?.tag ?? ''
    return all
      .filter((tag) => tag > after)
      .slice(0, page.limit + 1)
      .map((tag) => ({
        repository,
        image: nameOf('app'),
        tag,
        digest: 'sha256:x' as never,
        mediaType: 'x',
      }))
  }
}

let bench: Workbench
beforeEach(async () => {
  bench = new Workbench()
  await bench.add(
    localConfig('local'),
    localConfig('patterned', { includesPattern: 'app/v*' }),
    localConfig('closed', { blackedOut: true }),
    virtualConfig('all', ['local']),
  )
})
afterEach(() => bench.close())

const numbered = (n: number) => `t${String(n).padStart(6, '0')}`
const find = async (
  store: TagSearchStore,
  limit: number,
  { keys = ['local'], after = undefined as string | undefined, tags = /./ } = {},
) => {
  const finder = new TagFinder(store, bench.directory)
  const place =
    after === undefined
      ? undefined
      : { repository: 'local' as RepositoryKey, image: nameOf('app'), tag: parseTag(after) }
  const context = bench.toTags('bob', { actions: ['read'], tags })
  const { items, more } = await finder.find(keys as RepositoryKey[], {}, { limit, after: place }, context)
  return { tags: items.map(({ tag }) => tag), more }
}

describe('TagFinder', () => {
  it('reads on until a page is full, and says that there is more only of what may be read', async () => {
    const store = new ManyTags(30_000, numbered)
    const last = /^t0(10000|20000|29999)$/
    expect(await find(store, 2, { tags: last })).toEqual({ tags: ['t010000', 't020000'], more: true })
    expect(await find(store, 2, { tags: last, after: 't020000' })).toEqual({ tags: ['t029999'], more: false })
    expect(await find(store, 3, { tags: last })).toEqual({
      tags: ['t010000', 't020000', 't029999'],
      more: false,
    })
    expect(await find(store, 1, { tags: /none/ })).toEqual({ tags: [], more: false })
    expect(Math.max(...store.asked.map(({ limit }) => limit))).toBe(5000)
  })

  it('does not look through the rest of an image of which nothing may be read', async () => {
    const store = new ManyTags(30_000, numbered)
    const finder = new TagFinder(store, bench.directory)
    const nothing = bench.only([], 'local')
    const found = await finder.find(['local' as RepositoryKey], {}, { limit: 1, after: undefined }, nothing)
    expect([found.items, found.more]).toEqual([[], false])
    expect(store.asked).toHaveLength(2)
  })

  it('asks once where everything may be read', async () => {
    const store = new ManyTags(30_000, numbered)
    expect((await find(store, 1000)).tags).toHaveLength(1000)
    expect(store.asked).toHaveLength(1)
  })

  it('leaves out what patterns leave out, and repositories that are virtual, out of service or not there', async () => {
    const store = new ManyTags(4, (n) => (n % 2 === 0 ? `v${n}` : `w${n}`))
    const all = { tags: ['v0', 'w1', 'v2', 'w3'], more: false }
    expect(await find(store, 10)).toEqual(all)
    expect(await find(store, 10, { keys: ['patterned'] })).toEqual({ tags: ['v0', 'v2'], more: false })
    expect((await find(store, 10, { keys: ['closed', 'all', 'none'] })).tags).toEqual([])
    expect(store.asked.at(-1)?.repositories).toEqual([])
  })
})
