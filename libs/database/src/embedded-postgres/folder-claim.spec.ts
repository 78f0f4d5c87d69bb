import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../testing/temporary-folder.js'
import { FolderClaim } from './folder-claim.js'
import { processIdentity } from './process-table.js'

describe('FolderClaim', () => {
  const ownerOf = (folder: string) => Number(readFileSync(join(folder, 'owner'), 'utf8').split(' ', 1)[0])

  it('is held until it is released', () => {
    const folder = temporaryFolder()
    const claim = FolderClaim.take(folder)
    expect(() => FolderClaim.take(folder)).toThrow(`another Entrepot (process ${process.pid}) is running`)
    claim.release()
    claim.release()
    FolderClaim.take(folder).release()
    expect(readdirSync(folder)).toEqual([])
  })

  it.each([
    ['a process that is dead', () => `${spawnSync('true').pid} 12345\n`],
    ['another process with the same number', () => `${process.ppid} 1\n`],
    ['nobody, because the disk was full', () => ''],
    ['no process at all', () => '-1 0\n'],
  ])('is taken over from %s', (_, content) => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, 'owner'), content())
    FolderClaim.take(folder)
    expect(ownerOf(folder)).toBe(process.pid)
    expect(readdirSync(folder)).toEqual(['owner'])
  })

  it('does not take over from a process that runs', () => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, 'owner'), `${process.ppid} ${processIdentity(process.ppid)}\n`)
    expect(() => FolderClaim.take(folder)).toThrow(`process ${process.ppid}`)
    expect(ownerOf(folder)).toBe(process.ppid)
  })

  it('does not release what somebody else has taken', () => {
    const folder = temporaryFolder()
    const claim = FolderClaim.take(folder)
    writeFileSync(join(folder, 'owner'), '1 1\n')
    claim.release()
    expect(ownerOf(folder)).toBe(1)
  })
})
