import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import type { Broadcast } from '../broadcast.js'

export interface BroadcastServer {
  /** One more replica, connected. */
  replica(): Promise<Broadcast>
  stop(): Promise<void>
}

/** What every driver of the Broadcast port does. */
export function broadcastContract(driver: string, startServer: () => Promise<BroadcastServer>): void {
  describe(`${driver} keeps the contract of Broadcast`, () => {
    const opened: Broadcast[] = []
    let server: BroadcastServer

    const replica = async (): Promise<Broadcast> => {
      const broadcast = await server.replica()
      opened.push(broadcast)
      return broadcast
    }
    const heard = (broadcast: Broadcast, channel: string): string[] => {
      const messages: string[] = []
      broadcast.subscribe(channel, (message) => void messages.push(message))
      return messages
    }

    beforeAll(async () => {
      server = await startServer()
    })
    afterEach(async () => {
      await Promise.all(opened.splice(0).map((broadcast) => broadcast.close()))
    })
    afterAll(async () => {
      await server?.stop()
    })

    it('reaches the listeners of every replica, the publishing one included', async () => {
      const [one, other] = [await replica(), await replica()]
      const [here, there] = [heard(one, 'repositories'), heard(other, 'repositories')]
      await one.publish('repositories', 'docker-local')
      await vi.waitFor(() => expect([here, there]).toEqual([['docker-local'], ['docker-local']]))
    })

    it('keeps channels apart', async () => {
      const one = await replica()
      const [repositories, users] = [heard(one, 'repositories'), heard(one, 'users')]
      await one.publish('users', 'ada')
      await vi.waitFor(() => expect(users).toEqual(['ada']))
      expect(repositories).toEqual([])
    })

    it('delivers the messages of one publisher in their order', async () => {
      const [one, other] = [await replica(), await replica()]
      const messages = heard(other, 'order')
      const sent = Array.from({ length: 50 }, (_unused, index) => String(index))
      for (const message of sent) await one.publish('order', message)
      await vi.waitFor(() => expect(messages).toEqual(sent))
    })

    it('carries any text up to 4 KiB, and the empty one', async () => {
      const one = await replica()
      const messages = heard(one, 'text')
      const texts = [
        '',
        'line\nline',
        `it's "quoted" \\ ; DROP TABLE users --`,
        'crème brûlée 🍮',
        'x'.repeat(4096),
      ]
      for (const text of texts) await one.publish('text', text)
      await vi.waitFor(() => expect(messages).toEqual(texts))
    })

    it('refuses a longer message, a NUL, and a channel that is no plain name', async () => {
      const one = await replica()
      await expect(one.publish('text', 'é'.repeat(2049))).rejects.toThrow(RangeError)
      await expect(one.publish('text', 'a\0b')).rejects.toThrow(RangeError)
      await expect(one.publish('text"; DROP TABLE users', 'x')).rejects.toThrow(RangeError)
    })

    it('tells a listener nothing after its subscription has ended', async () => {
      const one = await replica()
      const ended: string[] = []
      const end = one.subscribe('repositories', (message) => void ended.push(message))
      const kept = heard(one, 'repositories')
      end()
      end()
      await one.publish('repositories', 'x')
      await vi.waitFor(() => expect(kept).toEqual(['x']))
      expect(ended).toEqual([])
    })

    it('lets the others hear when one listener throws', async () => {
      const one = await replica()
      one.subscribe('repositories', () => {
        throw new Error('planted')
      })
      const messages = heard(one, 'repositories')
      await one.publish('repositories', 'x')
      await vi.waitFor(() => expect(messages).toEqual(['x']))
    })

    it('neither speaks nor hears once closed, and can be closed again', async () => {
      const [one, other] = [await replica(), await replica()]
      const messages = heard(one, 'repositories')
      await one.close()
      await one.close()
      await expect(one.publish('repositories', 'x')).rejects.toThrow()
      const there = heard(other, 'repositories')
      await other.publish('repositories', 'y')
      await vi.waitFor(() => expect(there).toEqual(['y']))
      await delay(20)
      expect(messages).toEqual([])
    })
  })
}
