import { mkdtemp, readFile, rename, rm, stat, truncate, unlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { auditEvent } from '../testing/audit-event.js'
import { FileOutlet } from './file-outlet.js'

describe('the audit file', () => {
  let folder: string
  let path: string
  let outlet: FileOutlet

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'entrepot-audit-'))
    path = join(folder, 'audit.jsonl')
    outlet = new FileOutlet(path)
  })
  afterEach(async () => {
    await outlet.close()
    await rm(folder, { recursive: true })
  })

  const write = (...actors: readonly string[]) => outlet.write(actors.map((actor) => auditEvent({ actor })))
  const actorsIn = async (file: string) =>
    (await readFile(file, 'utf8'))
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => (JSON.parse(line) as { actor: string }).actor)

  it('has one line of JSON for each event', async () => {
    await outlet.write([
      auditEvent({ subject: { kind: 'image', name: 'a/b:1' }, after: { digest: 'sha256:a' }, realm: 'corp' }),
      auditEvent(),
    ])
    const text = await readFile(path, 'utf8')
    expect(text.endsWith('\n')).toBe(true)
    expect(text.trimEnd().split('\n')).toHaveLength(2)
    expect(JSON.parse(text.split('\n')[0] ?? '')).toEqual({
      at: '2026-11-20T12:00:00.123Z',
      action: 'login',
      outcome: 'ok',
      actor: 'ada',
      realm: 'corp',
      address: '192.0.2.7',
      requestId: 'request-1',
      subjectKind: 'image',
      subject: 'a/b:1',
      after: { digest: 'sha256:a' },
    })
  })

  it('is not for everybody to read', async () => {
    await write('a')
    expect((await stat(path)).mode & 0o007).toBe(0)
  })

  it('goes on where it ended', async () => {
    await write('a')
    await outlet.close()
    outlet = new FileOutlet(path)
    await write('b')
    expect(await actorsIn(path)).toEqual(['a', 'b'])
  })

  it('is made anew when it was moved, deleted or emptied', async () => {
    await write('a')
    await rename(path, `${path}.1`)
    await write('b')
    expect([await actorsIn(`${path}.1`), await actorsIn(path)]).toEqual([['a'], ['b']])
    await unlink(path)
    await write('c')
    expect(await actorsIn(path)).toEqual(['c'])
    await truncate(path)
    await write('d')
    expect(await actorsIn(path)).toEqual(['d'])
    await rename(path, `${path}.2`)
    await writeFile(path, '')
    await write('e')
    expect([await actorsIn(`${path}.2`), await actorsIn(path)]).toEqual([['d'], ['e']])
  })

  it('is opened again when it is asked to', async () => {
    await write('a')
    outlet.reopen()
    await write('b')
    expect(await actorsIn(path)).toEqual(['a', 'b'])
  })

  it('begins a line of its own after one that was cut off', async () => {
    await writeFile(path, '{"actor":"a"}\n{"act')
    await write('b')
    expect((await readFile(path, 'utf8')).split('\n').slice(0, 2)).toEqual(['{"actor":"a"}', '{"act'])
    expect((await readFile(path, 'utf8')).split('\n')[2]).toContain('"actor":"b"')
  })

  it('fails while it can not be written, and works afterwards', async () => {
    outlet = new FileOutlet(join(folder, 'absent', 'audit.jsonl'))
    await expect(write('a')).rejects.toMatchObject({ code: 'ENOENT' })
    outlet = new FileOutlet(folder)
    await expect(write('a')).rejects.toMatchObject({ code: 'EISDIR' })
    const full = new FileOutlet('/dev/full')
    await expect(full.write([auditEvent()])).rejects.toMatchObject({ code: 'ENOSPC' })
    await expect(full.write([auditEvent()])).rejects.toMatchObject({ code: 'ENOSPC' })
    outlet = new FileOutlet(path)
    await write('a')
    expect(await actorsIn(path)).toEqual(['a'])
  })
})
