import { readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { StreamReceiver } from '@entrepot/audit/testing'
import { PostgresAuditStore } from '@entrepot/database'
import { TestDatabase } from '@entrepot/database/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Entrepot } from '../support/entrepot.js'
import { makeImage } from '../support/images.js'
import { Registry } from '../support/registry-client.js'
import { eventually, removeFolder, temporaryFolder } from '../support/workplace.js'

interface Line {
  readonly action: string
  readonly outcome: string
  readonly actor: string
  readonly address: string
  readonly subject?: string
  readonly requestId: string
}

it('a server does not start with an audit file that it can not write', async () => {
  const env = { ENTREPOT_AUDIT_FILE: '/proc/self/none/audit.jsonl' }
  await expect(Entrepot.start({ env })).rejects.toThrow(
    /ENTREPOT_AUDIT_FILE names "\/proc\/self\/none\/audit.jsonl", which can not be written: .*ENOENT/,
  )
})

describe('the audit trail of a server behind a proxy', () => {
  let folder: string
  let file: string
  let db: TestDatabase
  let store: PostgresAuditStore
  let syslog: StreamReceiver
  let entrepot: Entrepot

  beforeAll(async () => {
    folder = await temporaryFolder('audit')
    file = join(folder, 'audit.jsonl')
    db = await TestDatabase.create()
    store = new PostgresAuditStore(db.database)
    syslog = await StreamReceiver.start()
    entrepot = await Entrepot.start({
      env: {
        ENTREPOT_DATABASE_URL: db.url,
        ENTREPOT_AUDIT_FILE: file,
        ENTREPOT_AUDIT_SYSLOG: `tcp://127.0.0.1:${syslog.port}`,
        ENTREPOT_TRUSTED_PROXIES: '127.0.0.0/8, 10.0.0.0/8',
      },
    })
  })
  afterAll(async () => {
    await entrepot?.dispose()
    await Promise.all([syslog?.stop(), db?.close()])
    await removeFolder(folder)
  })

  const linesOf = async (path: string) => {
    const text = await readFile(path, 'utf8').catch(() => '')
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Line)
  }
  const push = (name: string, tag: string) =>
    entrepot.registry.pushImage(`docker-local/${name}`, tag, makeImage(`${name}:${tag}`))
  const subjects = (lines: readonly Line[]) => lines.map(({ subject }) => subject)

  it('tells a push in the database, the file and over syslog, under the request id of the answer', async () => {
    const image = makeImage('told')
    for (const bytes of image.blobs.values()) await entrepot.registry.pushBlob('docker-local/told', bytes)
    const answer = await entrepot.registry.putManifest('docker-local/told', '1', image.bytes, image.mediaType)
    const requestId = answer.headers.get('x-request-id') ?? ''
    await eventually(
      'the push is told',
      async () => (await store.search({ requestId, limit: 9 })).length === 1,
    )
    const [row] = await store.search({ requestId, limit: 9 })
    expect(row).toMatchObject({
      action: 'push',
      outcome: 'ok',
      actor: 'admin',
      realm: 'internal',
      origin: { address: '127.0.0.1', requestId },
      subject: { kind: 'image', name: 'docker-local/told:1' },
      after: { digest: image.digest },
    })
    const isTold = async () => (await linesOf(file)).some((line) => line.requestId === requestId)
    await eventually('the push is in the file', isTold)
    await eventually('the push came over syslog', () =>
      syslog.messages.some(({ message }) => message.includes(requestId)),
    )
    expect(syslog.problems).toEqual([])
  })

  it('has the address that the proxy passed on, and not what a client wrote in front of it', async () => {
    const { headers } = await new Registry(entrepot.url).send('GET', '/v2/', {
      headers: {
        authorization: `Basic ${Buffer.from('mallory:guess').toString('base64')}`,
        'x-forwarded-for': '203.0.113.66, 198.51.100.7, 10.1.2.3',
      },
    })
    const requestId = headers.get('x-request-id') ?? ''
    const found = () => store.search({ requestId, limit: 9 })
    await eventually('the refusal is told', async () => (await found()).length === 1)
    expect((await found())[0]).toMatchObject({
      outcome: 'refused',
      actor: 'mallory',
      origin: { address: '198.51.100.7' },
    })
  })

  it('goes on in a new file when the old one was moved, and when it is asked to by SIGHUP', async () => {
    await push('rotated', '1')
    await eventually('the first push', async () =>
      subjects(await linesOf(file)).includes('docker-local/rotated:1'),
    )
    await rename(file, `${file}.1`)
    entrepot.signal('SIGHUP')
    await push('rotated', '2')
    await eventually('the second push', async () =>
      subjects(await linesOf(file)).includes('docker-local/rotated:2'),
    )
    expect(subjects(await linesOf(`${file}.1`))).toContain('docker-local/rotated:1')
    expect(subjects(await linesOf(file))).not.toContain('docker-local/rotated:1')
  })

  it('is written to its end when the server stops', async () => {
    const names = Array.from({ length: 20 }, (_, position) => `last-${position}`)
    await Promise.all(names.map((name) => push(name, '1')))
    await entrepot.stop()
    const told = new Set(subjects(await linesOf(file)))
    const rows = await store.search({ action: 'push', limit: 1000 })
    const stored = new Set(rows.map(({ subject }) => subject?.name))
    for (const name of names) {
      expect(told).toContain(`docker-local/${name}:1`)
      expect(stored).toContain(`docker-local/${name}:1`)
    }
    await eventually('syslog has them', () =>
      names.every((name) =>
        syslog.messages.some(({ message }) => message.includes(`docker-local/${name}:1`)),
      ),
    )
  })
})
