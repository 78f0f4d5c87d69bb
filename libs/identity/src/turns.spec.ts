import { describe, expect, it } from 'vitest'
import { Turns } from './turns.js'

describe('Turns', () => {
  it('refuses more than may wait, and goes on afterwards', async () => {
    const turns = new Turns(1)
    const hold = Promise.withResolvers<undefined>()
    const held = [turns.take('ann', () => hold.promise), turns.take('ann', () => hold.promise)]
    await expect(turns.take('ann', async () => 'never')).rejects.toMatchObject({ code: 'TOO_MANY_REQUESTS' })
    expect(await turns.take('bob', async () => 'other')).toBe('other')
    hold.resolve(undefined)
    await Promise.all(held)
    expect(await turns.take('ann', async () => 'again')).toBe('again')
  })
})
