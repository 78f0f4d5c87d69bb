import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseMasterKeys } from '@entrepot/database'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { MasterKeySource } from './master-key-source.js'

const text = Buffer.alloc(32, 5).toString('base64')
const keys = parseMasterKeys(text)
let dataDir: string

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'entrepot-keys-'))
})
afterEach(() => rm(dataDir, { recursive: true }))

const source = (settings: Partial<ConstructorParameters<typeof MasterKeySource>[0]> = {}) =>
  new MasterKeySource({ dataDir, masterKey: undefined, masterKeyFile: undefined, ...settings })

describe('MasterKeySource', () => {
  it('finds none where nothing is set and none was generated', async () => {
    expect(await source().find()).toBeUndefined()
  })

  it('generates one for its owner alone, which is found at the next start', async () => {
    const generated = await source().generate()
    expect(await source().find()).toEqual(generated)
    const file = join(dataDir, 'master.key')
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    expect(parseMasterKeys(await readFile(file, 'utf8'))).toEqual(generated)
  })

  it('never writes over a key', async () => {
    const generated = await source().generate()
    await expect(source().generate()).rejects.toThrow(
      /master key can not be written to .*master\.key: EEXIST/,
    )
    expect(await source().find()).toEqual(generated)
  })

  it('takes the setting before the file in the data folder', async () => {
    await source().generate()
    expect(await source({ masterKey: keys }).find()).toBe(keys)
  })

  it('takes all keys of a file that a setting names, the first to seal', async () => {
    const masterKeyFile = join(dataDir, 'keys')
    const old = Buffer.alloc(32, 6).toString('hex')
    await writeFile(masterKeyFile, `${text}\n${old}\n`)
    expect(await source({ masterKeyFile }).find()).toEqual(parseMasterKeys(`${text},${old}`))
  })

  it.each([
    ['is not there', undefined, /ENTREPOT_MASTER_KEY_FILE is .*keys, which is not there/],
    ['holds no key', 'canary-secret\n', /keys holds no master keys: expected .*openssl rand -base64 32/],
    ['is empty', '', /keys holds no master keys/],
  ])('refuses a named file that %s', async (_what, content, message) => {
    const masterKeyFile = join(dataDir, 'keys')
    if (content !== undefined) await writeFile(masterKeyFile, content)
    const found = source({ masterKeyFile }).find()
    await expect(found).rejects.toThrow(message)
    await expect(found).rejects.not.toThrow('canary')
  })

  it('refuses a file that can not be read, and a damaged one in the data folder', async () => {
    await expect(source({ masterKeyFile: dataDir }).find()).rejects.toThrow(/can not be read: EISDIR/)
    await writeFile(join(dataDir, 'master.key'), text.slice(0, 20))
    await expect(source().find()).rejects.toThrow(/master\.key holds no master keys/)
  })

  it('refuses two settings that could contradict each other', async () => {
    await expect(source({ masterKey: keys, masterKeyFile: join(dataDir, 'keys') }).find()).rejects.toThrow(
      'ENTREPOT_MASTER_KEY and ENTREPOT_MASTER_KEY_FILE are both set',
    )
  })
})
