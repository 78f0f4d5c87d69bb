import type { RepositoryId, RepositoryKey } from '@entrepot/repositories'
import { expect, it } from 'vitest'
import { repositoriesWhere, type SearchedRepository } from './item-search.js'

it('looks once at which repositories a comparison is true of, however often it is asked', () => {
  let looks = 0
  const repository = (key: string, id: number): SearchedRepository => ({
    id: id as RepositoryId,
    key: key as RepositoryKey,
    get shownKey() {
      looks += 1
      return `${key}-cache`
    },
    virtuals: [],
  })
  const all = [repository('a', 1), repository('b', 2)]
  const compared = { comparison: '$match', value: 'b*' } as const
  const found = repositoriesWhere(compared, all)
  expect(found).toEqual([2])
  const once = looks
  expect(once).toBeGreaterThan(0)
  expect(repositoriesWhere(compared, all)).toBe(found)
  expect(looks).toBe(once)
  expect(repositoriesWhere({ ...compared, value: 'a*' }, all)).toEqual([1])
  expect(repositoriesWhere(compared, all.slice(0, 1))).toEqual([])
})
