import { auditEvent, InMemoryAuditStore } from '@entrepot/audit/testing'
import { silentLogger } from '@entrepot/kernel'
import { describe, expect, it } from 'vitest'
import { AuditRetention } from './audit-retention.js'

const now = Date.parse('2026-11-20T12:00:00Z')
const clock = { now: () => now }
const daysAgo = (days: number) => new Date(now - days * 24 * 60 * 60_000)

describe('the retention of audit events', () => {
  it('deletes those older than the setting, however many, and no others', async () => {
    const store = new InMemoryAuditStore()
    const old = Array.from({ length: 5_001 }, () => auditEvent({ at: daysAgo(31) }))
    await store.add([...old, auditEvent({ actor: 'young', at: daysAgo(29) })])
    await new AuditRetention(store, 30, clock, silentLogger).clean()
    expect(store.events.map(({ actor }) => actor)).toEqual(['young'])
  })

  it('leaves for the next round what can not be deleted now', async () => {
    const store = new InMemoryAuditStore()
    await store.add([auditEvent({ at: daysAgo(31) })])
    const warnings: string[] = []
    const logger = { ...silentLogger, warn: (_: unknown, message: string) => void warnings.push(message) }
    const failing = { deleteBefore: () => Promise.reject(new Error('the database is down')) }
    await new AuditRetention(failing, 30, clock, logger).clean()
    expect(warnings).toEqual(['old audit events could not be deleted'])
    await new AuditRetention(store, 30, clock, logger).clean()
    expect(store.events).toEqual([])
  })

  it('deletes nothing more once it is stopped', async () => {
    let calls = 0
    const retention: AuditRetention = new AuditRetention(
      {
        deleteBefore: (_, limit) => {
          calls += 1
          void retention.stop()
          return Promise.resolve(limit)
        },
      },
      30,
      clock,
      silentLogger,
    )
    await retention.clean()
    expect(calls).toBe(1)
  })
})
