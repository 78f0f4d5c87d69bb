import { MasterKeyMissing, type MasterKeys, parseMasterKeys, type SealingReport } from '@entrepot/database'
import { type LogFields, RegistryError } from '@entrepot/kernel'
import { RecordingAuditTrail } from '@entrepot/kernel/testing'
import { describe, expect, it } from 'vitest'
import { StartupError } from './startup-error.js'
import { recordForgotten, unsealSecrets } from './unseal-secrets.js'

const keysOf = (byte: number): MasterKeys => {
  const keys = parseMasterKeys(Buffer.alloc(32, byte).toString('hex'))
  if (keys === undefined) throw new Error('no keys')
  return keys
}
const given = keysOf(1)
const generated = keysOf(2)

interface Situation {
  readonly found?: MasterKeys
  /** Of the key that the database knows. */
  readonly keyId?: string
  readonly prepare?: (lost: string | undefined) => SealingReport
  readonly databaseUrl?: string
  readonly lostMasterKey?: string
}

function start({ found, keyId, prepare, databaseUrl, lostMasterKey }: Situation) {
  const logged: string[] = []
  let generations = 0
  const source = {
    ownFile: '/data/master.key',
    find: async () => found,
    generate: async () => {
      generations += 1
      return generated
    },
  }
  const secrets = {
    keyId: async () => keyId,
    prepare: async (_box: unknown, lost?: string) => prepare?.(lost) ?? { sealed: 0, forgotten: [] },
  }
  const write = (level: string) => (fields: LogFields, message: string) =>
    void logged.push(`${level} ${message} ${JSON.stringify(fields)}`)
  const logger = { info: write('info'), warn: write('warn') }
  const unsealed = unsealSecrets({ databaseUrl, lostMasterKey }, source, secrets, logger)
  return { unsealed, logged, generations: () => generations }
}

describe('unsealSecrets', () => {
  it('takes the key that is given, without a word', async () => {
    const { unsealed, logged, generations } = start({ found: given, keyId: given[0].id })
    expect((await unsealed).box.currentId).toBe(given[0].id)
    expect([generations(), logged]).toEqual([0, []])
  })

  it.each([
    ['info', undefined, 'beside the backups'],
    ['warn', 'postgres://db.example/entrepot', 'give it to every replica'],
  ])('makes one at the first start and says so (%s)', async (level, databaseUrl, advice) => {
    const { unsealed, logged } = start(databaseUrl === undefined ? {} : { databaseUrl })
    expect((await unsealed).box.currentId).toBe(generated[0].id)
    expect(logged).toEqual([expect.stringContaining(advice) as string])
    expect(logged[0]).toMatch(
      new RegExp(`^${level} a master key for secrets was made.*/data/master.key.*${generated[0].id}`),
    )
  })

  it('makes none where the database knows one that this server has not', async () => {
    const { unsealed, generations } = start({ keyId: 'abcdef01' })
    await expect(unsealed).rejects.toThrow(StartupError)
    await expect(unsealed).rejects.toThrow(
      /sealed with master key abcdef01, and this server has none\. Set ENTREPOT_MASTER_KEY .*ENTREPOT_LOST_MASTER_KEY=abcdef01/,
    )
    expect(generations()).toBe(0)
  })

  it('says which key is needed and which is there when it is another one', async () => {
    const prepare = () => {
      throw new MasterKeyMissing('abcdef01')
    }
    await expect(start({ found: given, prepare }).unsealed).rejects.toThrow(
      `sealed with master key abcdef01, and this server has ${given[0].id}. Set ENTREPOT_MASTER_KEY`,
    )
  })

  it('passes on what else keeps the server from starting', async () => {
    const prepare = () => {
      throw new RegistryError('UNAVAILABLE', 'the secret repositories/hub/password can not be opened')
    }
    const { unsealed } = start({ found: given, prepare })
    await expect(unsealed).rejects.toThrow(StartupError)
    await expect(unsealed).rejects.toThrow('repositories/hub/password can not be opened')
  })

  it('tells how many secrets it sealed', async () => {
    const { unsealed, logged } = start({ found: given, prepare: () => ({ sealed: 3, forgotten: [] }) })
    await unsealed
    expect(logged).toEqual([`info stored secrets were sealed {"count":3,"keyId":"${given[0].id}"}`])
  })

  it('gives up the secrets of a lost key, makes another, and leaves a trace of each', async () => {
    const forgotten = ['repositories/hub/password', 'oidc_providers/idp/client.secret']
    const asked: (string | undefined)[] = []
    const { unsealed, logged } = start({
      keyId: 'abcdef01',
      lostMasterKey: 'abcdef01',
      prepare: (lost) => {
        asked.push(lost)
        return { sealed: 0, forgotten }
      },
    })
    const audit = new RecordingAuditTrail()
    recordForgotten(await unsealed, audit)
    expect(asked).toEqual(['abcdef01'])
    expect(logged.at(-1)).toBe(
      `warn secrets of a lost master key were given up ${JSON.stringify({ places: forgotten })}`,
    )
    expect(audit.entries.map(({ action, actor, subject }) => [action, actor, subject?.name])).toEqual(
      forgotten.map((name) => ['settings.update', 'server', name]),
    )
  })
})
