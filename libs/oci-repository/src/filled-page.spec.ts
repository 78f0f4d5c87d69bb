import { expect, test } from 'vitest'
import { filledPage } from './filled-page.js'

const names = Array.from({ length: 5000 }, (_, number) => String(number).padStart(5, '0'))

/** A list that answers up to `limit + 1` entries, and says how often it was asked. */
function list() {
  const asked: number[] = []
  const read = async ({ limit, after }: { limit: number; after: string | undefined }) => {
    asked.push(limit)
    return names.filter((name) => after === undefined || name > after).slice(0, limit + 1)
  }
  return { asked, read }
}

test('a page that nothing is left out of takes one read of its own size', async () => {
  const { asked, read } = list()
  const page = await filledPage({ limit: 2, after: '00009' }, read, () => true)
  expect(page).toMatchObject({ items: ['00010', '00011'], more: true })
  expect(asked).toEqual([2])
})

test('a small page of a list that is hidden almost whole takes few reads', async () => {
  const { asked, read } = list()
  const page = await filledPage({ limit: 1, after: undefined }, read, (name) => name === '04998')
  expect(page).toMatchObject({ items: ['04998'], more: false })
  expect(asked.length).toBeLessThan(10)
})
