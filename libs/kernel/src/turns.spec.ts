import { describe, expect, it } from 'vitest'
import { Turns } from './turns.js'

describe('Turns', () => {
  const record = () => {
    const steps: string[] = []
    const step = (name: string) => async () => {
      steps.push(`${name} begins`)
      await new Promise((resolve) => setImmediate(resolve))
      steps.push(`${name} ends`)
    }
    return { steps, step, position: (name: string) => steps.indexOf(name) }
  }

  it('does what has one key one after the other, and other keys beside it', async () => {
    const turns = new Turns()
    const { steps, step, position } = record()
    const all = [turns.take('a', step('a1')), turns.take('a', step('a2')), turns.take('b', step('b'))]
    expect([turns.length('a'), turns.length('b'), turns.length('c')]).toEqual([2, 1, 0])
    await Promise.all(all)
    expect(position('a1 ends')).toBeLessThan(position('a2 begins'))
    expect(position('b begins')).toBeLessThan(position('a1 ends'))
    expect(steps).toHaveLength(6)
    expect(turns.length('a')).toBe(0)
  })

  it('lets the next one come after a failure, and tells it to nobody else', async () => {
    const turns = new Turns()
    const failing = turns.take('a', () => Promise.reject(new Error('lost')))
    const next = turns.take('a', async () => 'done')
    await expect(failing).rejects.toThrow('lost')
    expect(await next).toBe('done')
  })

  it('takes several keys at once, in whatever order they are named, without two waiting for each other', async () => {
    const turns = new Turns()
    const { step, position } = record()
    const results = await Promise.all([
      turns.takeAll(['a', 'b'], step('ab')),
      turns.takeAll(['b', 'a', 'b'], step('ba')),
      turns.take('b', step('b')),
      turns.takeAll([], async () => 'nothing'),
    ])
    expect(results.at(-1)).toBe('nothing')
    expect(position('ab ends')).toBeLessThan(position('ba begins'))
    expect(position('ba ends')).toBeGreaterThan(0)
    expect(position('b ends')).toBeGreaterThan(0)
  })
})
