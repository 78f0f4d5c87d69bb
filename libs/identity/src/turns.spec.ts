import { describe, expect, it } from 'vitest'
import { Turns } from './turns.js'

describe('Turns', () => {
  it('does what has one key one after the other, and other keys beside it', async () => {
    const turns = new Turns(10)
    const steps: string[] = []
    const step = (name: string) => async () => {
      steps.push(`${name} begins`)
      await new Promise((resolve) => setImmediate(resolve))
      steps.push(`${name} ends`)
    }
    await Promise.all([
      turns.take('ann', step('a1')),
      turns.take('ann', step('a2')),
      turns.take('bob', step('b')),
    ])
    const position = (name: string) => steps.indexOf(name)
    expect(position('a1 ends')).toBeLessThan(position('a2 begins'))
    expect(position('b begins')).toBeLessThan(position('a1 ends'))
    expect(steps).toHaveLength(6)
  })

  it('lets the next one come after a failure, and tells it to nobody else', async () => {
    const turns = new Turns(10)
    const failing = turns.take('ann', () => Promise.reject(new Error('lost')))
    const next = turns.take('ann', async () => 'done')
    await expect(failing).rejects.toThrow('lost')
    expect(await next).toBe('done')
  })

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
