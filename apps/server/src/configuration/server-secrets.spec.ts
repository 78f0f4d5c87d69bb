import { execFileSync } from 'node:child_process'
import { mkdtemp, mkdir, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { EverySecret, SecretsForAdministrators } from './server-secrets.js'

let root: string
let folder: string
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'entrepot-secrets-'))
  folder = join(root, 'secrets')
  await mkdir(join(folder, 'deeper'), { recursive: true })
  await mkdir(join(root, 'secrets-beside'))
  await writeFile(join(root, 'outside'), 'not for you')
  await writeFile(join(root, 'secrets-beside', 'x'), 'not for you')
  await writeFile(join(folder, 'hub'), 'hub secret\n')
  await writeFile(join(folder, 'windows'), 'a secret\r\n')
  await writeFile(join(folder, 'deeper', 'one'), 'one')
  await writeFile(join(folder, 'empty'), '\n')
  await writeFile(join(folder, 'long'), 'x'.repeat(65_537))
  await writeFile(join(folder, 'binary'), Buffer.from([0xff, 0xfe, 0x00]))
  await symlink(join(root, 'outside'), join(folder, 'escape'))
  await symlink('deeper', join(folder, 'inside'))
  await symlink('loop', join(folder, 'loop'))
  execFileSync('mkfifo', [join(folder, 'pipe')])
})
afterAll(() => rm(root, { recursive: true, force: true }))

const environment = {
  ENTREPOT_SECRET_HUB: 'hub secret',
  ENTREPOT_SECRET_EMPTY: '',
  ENTREPOT_DATABASE_URL: 'postgresql://everything',
  PATH: '/bin',
}

describe('what a document from the network may name', () => {
  const secrets = () => new SecretsForAdministrators({ environment, folder })

  it('is variables of one prefix', async () => {
    const read = (env: string) => secrets().read({ env })
    expect(await read('ENTREPOT_SECRET_HUB')).toEqual({ kind: 'text', text: 'hub secret' })
    expect(await read('ENTREPOT_SECRET_EMPTY')).toEqual({ kind: 'absent' })
    expect(await read('ENTREPOT_SECRET_NOTHING')).toEqual({ kind: 'absent' })
    for (const name of ['ENTREPOT_DATABASE_URL', 'PATH', 'entrepot_secret_hub', '__proto__', 'NOTHING']) {
      expect(await read(name)).toMatchObject({ kind: 'refused' })
    }
  })

  it('is files of one folder', async () => {
    const read = (file: string) => secrets().read({ file })
    expect(await read(join(folder, 'hub'))).toEqual({ kind: 'text', text: 'hub secret' })
    expect(await read(join(folder, 'windows'))).toEqual({ kind: 'text', text: 'a secret' })
    expect(await read(join(folder, 'deeper', 'one'))).toEqual({ kind: 'text', text: 'one' })
    expect(await read(join(folder, 'inside', 'one'))).toEqual({ kind: 'text', text: 'one' })
    for (const name of ['nothing', 'empty', 'loop', 'hub/below', 'x'.repeat(300)]) {
      expect(await read(join(folder, name))).toEqual({ kind: 'absent' })
    }
    for (const name of ['long', 'binary', 'deeper', 'pipe', 'escape']) {
      expect(await read(join(folder, name))).toMatchObject({ kind: 'refused' })
    }
  })

  it('tells nothing of what is elsewhere, there or not', async () => {
    const read = (file: string) => secrets().read({ file })
    const answers = [
      '/etc/passwd',
      '/etc/nothing',
      join(root, 'outside'),
      join(root, 'secrets-beside', 'x'),
      `${folder}/../outside`,
      `${folder}/deeper/../../outside`,
      folder,
      join(folder, 'escape'),
      'secrets/hub',
      '',
      `${folder}/hub\0`,
    ]
    const first = await read(answers[0]!)
    expect(first).toMatchObject({ kind: 'refused' })
    for (const file of answers) expect(await read(file)).toEqual(first)
  })

  it('is no file at all without a folder', async () => {
    const without = new SecretsForAdministrators({ environment, folder: undefined })
    expect(await without.read({ file: join(folder, 'hub') })).toMatchObject({ kind: 'refused' })
  })

  it('is absent while the folder is', async () => {
    const elsewhere = new SecretsForAdministrators({ environment, folder: join(root, 'later') })
    expect(await elsewhere.read({ file: join(root, 'later', 'hub') })).toEqual({ kind: 'absent' })
  })
})

describe('what a document on this server may name', () => {
  const secrets = new EverySecret(environment)

  it('is any variable and any file', async () => {
    expect(await secrets.read({ env: 'PATH' })).toEqual({ kind: 'text', text: '/bin' })
    expect(await secrets.read({ file: join(root, 'outside') })).toEqual({ kind: 'text', text: 'not for you' })
    expect(await secrets.read({ file: join(root, 'nothing') })).toEqual({ kind: 'absent' })
    expect(await secrets.read({ file: 'outside' })).toMatchObject({ kind: 'refused' })
    expect(await secrets.read({ file: join(folder, 'pipe') })).toMatchObject({ kind: 'refused' })
  })
})
