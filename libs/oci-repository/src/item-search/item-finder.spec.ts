import { type ItemQuery, parseAql } from '@entrepot/aql'
import { localConfig } from '@entrepot/repositories/testing'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { InMemoryContentChecksums } from '../testing/in-memory-content-checksums.js'
import { InMemoryItemSearch } from '../testing/in-memory-item-search.js'
import { nameOf, Workbench } from '../testing/workbench.js'
import { ContentChecksums } from './content-checksums.js'
import { ItemFinder } from './item-finder.js'
import { ItemScopes } from './item-scopes.js'

describe('The properties that a search shows', () => {
  let bench: Workbench
  beforeEach(async () => {
    bench = new Workbench()
    await bench.add(localConfig('dev'), localConfig('prod'))
    const image = nameOf('app')
    for (const key of ['dev', 'prod']) {
      const id = bench.directory.find(key)?.id as never
      for (let n = 0; n < 60; n += 1) {
        const { digest } = await bench.pushImage(key, image, `t${n}`)
        const set = new Map([
          ['own', [`${key} ${n}`]],
          ['digest', [digest]],
        ])
        await bench.properties.change(id, [{ kind: 'tag', image, tag: `t${n}` as never }], {
          set,
          remove: [],
        })
      }
    }
  })
  afterEach(() => bench.close())

  const find = (text: string, limit?: number) => {
    const search = new InMemoryItemSearch({
      manifests: bench.manifests,
      times: bench.times,
      properties: bench.properties,
      blobs: bench.index,
      listed: () => [],
      checksums: new Map(),
    })
    const checksums = new ContentChecksums(new InMemoryContentChecksums(), bench.repositories)
    const scopes = new ItemScopes(bench.directory, bench.repositories)
    const finder = new ItemFinder(scopes, search, bench.properties, checksums, limit)
    return finder.find(parseAql(`items.find()${text}`, new Date()) as ItemQuery, bench.context())
  }

  it('are those of each item, however many there are', async () => {
    const { items } = await find('.include("property.*")')
    expect(items).toHaveLength(2 * 60 * 3)
    for (const { repository, place, content, properties } of items) {
      const tag = place.kind === 'tag' ? place.tag : ''
      expect(properties).toContainEqual(['own', `${repository.key} ${tag.slice(1)}`])
      expect(properties).toContainEqual(['digest', content?.manifest])
      expect(properties).toContainEqual(['sha256', content?.digest.slice(7)])
    }
  })

  it('are refused when they are too much for one answer, and read no further', async () => {
    const { items } = await find('.include("@own")')
    const one = 'own'.length + 32
    const all = items.reduce((sum, { properties }) => sum + one + (properties[0]?.[1].length ?? 0), 0)
    expect((await find('.include("@own")', all)).items).toEqual(items)
    const read = vi.spyOn(bench.properties, 'labelsOf')
    const refused = { code: 'REQUEST_INVALID', message: expect.stringContaining('set a limit') as string }
    await expect(find('.include("@own")', all - 1)).rejects.toMatchObject(refused)
    read.mockClear()
    expect((await find('.include("name")', 0)).items).toHaveLength(items.length)
    const bySearch = read.mock.calls.length
    await expect(find('.include("property.*")', 100)).rejects.toMatchObject(refused)
    expect(read).toHaveBeenCalledTimes(2 * bySearch + 1)
  })
})
