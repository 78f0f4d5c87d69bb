import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type AuditFilter, type AuditStore, maximumAuditPage } from '../audit-store.js'
import { auditEvent } from './audit-event.js'

export interface AuditStoreUnderTest {
  readonly store: AuditStore
  empty(): Promise<unknown>
  close(): Promise<void>
}

const hour = (hours: number) => new Date(Date.UTC(2026, 10, 20, hours))

/** What every AuditStore promises. */
export function auditStoreContract(name: string, create: () => Promise<AuditStoreUnderTest>): void {
  describe(`${name}, as an audit store`, () => {
    let underTest: AuditStoreUnderTest
    let store: AuditStore

    beforeAll(async () => {
      underTest = await create()
      store = underTest.store
    })
    beforeEach(() => underTest.empty())
    afterAll(() => underTest.close())

    const actors = async (filter: Partial<AuditFilter>) =>
      (await store.search({ limit: 100, ...filter })).map(({ actor }) => actor)

    it('gives back an event as it was added', async () => {
      const whole = auditEvent({
        action: 'push',
        realm: 'internal',
        subject: { kind: 'image', name: 'docker-local/app:1' },
        before: { digest: 'sha256:a', list: [1, 'ü"\\', null] },
        after: {},
        reason: 'because',
      })
      const least = auditEvent()
      await store.add([whole, least])
      const [second, first] = await store.search({ limit: 10 })
      expect(first).toEqual({ ...whole, id: first?.id })
      expect(second).toEqual({ ...least, id: second?.id })
      expect(BigInt(second?.id ?? 0) > BigInt(first?.id ?? 0)).toBe(true)
    })

    it('keeps the order of a batch, and takes an empty one', async () => {
      const names = Array.from({ length: 300 }, (_, position) => `user-${position}`)
      await store.add(names.map((actor) => auditEvent({ actor })))
      await store.add([])
      expect(await actors({ limit: 1000 })).toEqual([...names].toReversed())
    })

    it('finds what all parts of the filter are true of', async () => {
      const subject = { kind: 'image', name: 'docker-local/app:1' }
      const origin = { address: '2001:db8::1', requestId: 'r-2' }
      await store.add([
        auditEvent({ actor: 'a', at: hour(1) }),
        auditEvent({ actor: 'b', at: hour(2), action: 'push', subject }),
        auditEvent({ actor: 'c', at: hour(3), outcome: 'refused', origin }),
        auditEvent({ actor: 'd', at: hour(4), realm: 'corp', action: 'push' }),
      ])
      const expected: readonly [Partial<AuditFilter>, readonly string[]][] = [
        [{}, ['d', 'c', 'b', 'a']],
        [{ from: hour(2), to: hour(4) }, ['c', 'b']],
        [{ action: 'push' }, ['d', 'b']],
        [{ outcome: 'refused' }, ['c']],
        [{ actor: 'a' }, ['a']],
        [{ realm: 'corp' }, ['d']],
        [{ address: '2001:db8::1' }, ['c']],
        [{ requestId: 'r-2' }, ['c']],
        [{ subjectKind: 'image' }, ['b']],
        [{ subject: 'docker-local/app:1', action: 'push' }, ['b']],
        [{ action: 'push', actor: 'a' }, []],
        [{ actor: "' OR true --" }, []],
        [{ actor: '%' }, []],
        [{ actor: 'a\0' }, []],
      ]
      for (const [filter, found] of expected) expect(await actors(filter)).toEqual(found)
    })

    it('takes a star in actor, subject and address for any text, and nothing else for more than it is', async () => {
      await store.add([
        auditEvent({ actor: 'ci-build', subject: { kind: 'image', name: 'docker-local/team/app:1' } }),
        auditEvent({ actor: 'ci-', origin: { address: '10.0.0.1', requestId: 'r-*' } }),
        auditEvent({ actor: 'Ci-build', origin: { address: '10.1.0.1', requestId: 'r-1' } }),
        auditEvent({ actor: 'a%b_c\\d' }),
        auditEvent({ actor: 'aXbXcXd' }),
        auditEvent({ actor: '*)(uid=*' }),
        auditEvent({ actor: 'abab' }),
      ])
      const expected: readonly (readonly [Partial<AuditFilter>, readonly string[]])[] = [
        [{ actor: 'ci-*' }, ['ci-', 'ci-build']],
        [{ actor: '*build' }, ['Ci-build', 'ci-build']],
        [{ actor: 'c*-*d' }, ['ci-build']],
        [{ actor: 'ci-*-*' }, []],
        [{ actor: 'ab*ab' }, ['abab']],
        [{ actor: 'aba*bab' }, []],
        [{ actor: 'ci-buil?' }, []],
        [{ actor: 'a%b_c\\*' }, ['a%b_c\\d']],
        [{ actor: '*)(uid=*' }, ['*)(uid=*']],
        [{ actor: '*\0*' }, []],
        [{ subject: 'docker-local/*:1' }, ['ci-build']],
        [{ subject: '*' }, ['ci-build']],
        [{ address: '10.0.*' }, ['ci-']],
        [{ requestId: 'r-*' }, ['ci-']],
        [{ actor: '*', limit: 2 }, ['abab', '*)(uid=*']],
      ]
      for (const [filter, found] of expected) expect([filter, await actors(filter)]).toEqual([filter, found])
    })

    it('gives pages, each going on where the one before ended', async () => {
      await store.add(['a', 'b', 'c', 'd', 'e'].map((actor) => auditEvent({ actor })))
      const read: string[] = []
      for (let before: string | undefined; ;) {
        const page = await store.search({ limit: 2, before })
        // What comes in meanwhile moves nothing.
        await store.add([auditEvent({ actor: 'late' })])
        read.push(...page.map(({ actor }) => actor))
        before = page.at(-1)?.id
        if (page.length < 2) break
      }
      expect(read).toEqual(['e', 'd', 'c', 'b', 'a'])
    })

    it.each([
      { limit: 0 },
      { limit: maximumAuditPage + 1 },
      { limit: 1.5 },
      { limit: 1, before: '1; DROP TABLE audit_events' },
      { limit: 1, before: '' },
      { limit: 1, before: '9'.repeat(19) },
    ])('refuses the filter %j', async (filter) => {
      await expect(store.search(filter)).rejects.toMatchObject({ code: 'REQUEST_INVALID' })
    })

    it('deletes the oldest before a time, some at a time', async () => {
      await store.add([1, 2, 3, 4].map((at) => auditEvent({ actor: `${at}`, at: hour(at) })))
      expect(await store.deleteBefore(hour(4), 2)).toBe(2)
      expect(await actors({})).toEqual(['4', '3'])
      expect(await store.deleteBefore(hour(4), 2)).toBe(1)
      expect(await store.deleteBefore(hour(4), 2)).toBe(0)
      expect(await actors({})).toEqual(['4'])
    })
  })
}
