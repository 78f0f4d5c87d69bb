import { describe, expect, it } from 'vitest'
import { HeldBytes } from './held-bytes.js'

describe('the bytes that are held', () => {
  it('are bounded over all, and let go with the work that they are for, also when it fails', async () => {
    const bytes = new HeldBytes(10)
    let end: (() => void) | undefined
    const first = bytes.hold(async (grow) => {
      grow(6)
      await new Promise<void>((resolve) => {
        end = resolve
      })
    })
    const second = bytes.hold(async (grow) => {
      grow(4)
      grow(1)
      await Promise.resolve()
    })
    await expect(second).rejects.toMatchObject({ code: 'TOO_MANY_REQUESTS', retryAfterSeconds: 2 })
    expect(bytes.held).toBe(6)
    end?.()
    await first
    expect(bytes.held).toBe(0)
    expect(await bytes.hold(async (grow) => Promise.resolve(grow(10)))).toBeUndefined()
  })
})
