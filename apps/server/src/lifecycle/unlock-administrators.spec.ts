import type { LogFields } from '@entrepot/kernel'
import { RecordingAuditTrail } from '@entrepot/kernel/testing'
import { describe, expect, it } from 'vitest'
import { unlockAdministrators } from './unlock-administrators.js'

async function run(locked: readonly string[]) {
  const audit = new RecordingAuditTrail()
  const logged: LogFields[] = []
  const logger = { warn: (fields: LogFields) => void logged.push(fields) }
  await unlockAdministrators({ unlockAdministrators: async () => locked }, audit, logger)
  return { entries: audit.entries, logged }
}

describe('unlockAdministrators', () => {
  it('writes each down who was locked', async () => {
    const { entries, logged } = await run(['admin', 'root'])
    expect(logged).toEqual([{ users: ['admin', 'root'] }])
    expect(entries).toMatchObject([
      { subject: { kind: 'user', name: 'admin' } },
      { subject: { kind: 'user', name: 'root' } },
    ])
    expect(entries[0]).toMatchObject({
      action: 'user.unlock',
      outcome: 'ok',
      actor: 'server',
      origin: { address: 'local', requestId: '' },
    })
  })

  it('says nothing when nobody was', async () => {
    expect(await run([])).toEqual({ entries: [], logged: [] })
  })
})
