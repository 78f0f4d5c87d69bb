import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { prepareDataFolder } from './prepare-data-folder.js'
import { StartupError } from './startup-error.js'

describe('the data folder', () => {
  let parent: string
  beforeEach(async () => {
    parent = await mkdtemp(join(tmpdir(), 'entrepot-data-'))
  })
  afterEach(() => rm(parent, { recursive: true }))

  it('is made for its owner alone, and left empty', async () => {
    const folder = join(parent, 'some/where')
    await prepareDataFolder(folder)
    await prepareDataFolder(folder)
    expect((await stat(folder)).mode & 0o777).toBe(0o700)
    expect(await readdir(folder)).toEqual([])
  })

  it.each([
    ['a file', 'taken', 'that is a file, and a folder is needed'],
    ['below a file', 'taken/data', 'that is below a file, and a folder is needed'],
  ])('is refused when it is %s, naming the setting', async (_what, name, reason) => {
    await writeFile(join(parent, 'taken'), '')
    const folder = join(parent, name)
    await expect(prepareDataFolder(folder)).rejects.toThrow(
      new StartupError(`ENTREPOT_DATA_DIR is ${folder}: ${reason}`),
    )
  })
})
