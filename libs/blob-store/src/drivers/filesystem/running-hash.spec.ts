import { randomBytes } from 'node:crypto'
import { type FileHandle, mkdtemp, open, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { digestOf } from '@entrepot/kernel'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { HashThreads } from './hash-threads.js'
import { RunningHash } from './running-hash.js'

const mebibyte = 1024 * 1024
const small = 4 * mebibyte

describe('the running hash of a file', () => {
  const threads = new HashThreads()
  let folder: string
  let file: FileHandle

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'entrepot-hash-'))
    file = await open(join(folder, 'file'), 'w+')
  })
  afterEach(async () => {
    await file.close()
    await rm(folder, { recursive: true })
  })

  const arrive = async (hash: RunningHash, bytes: Buffer, size: number, piece = mebibyte) => {
    for (let start = 0; start < bytes.length; start += piece) {
      const chunk = bytes.subarray(start, start + piece)
      hash.update(chunk)
      await file.write(chunk, 0, chunk.length, size + start)
      await hash.follow(file, size + start + chunk.length)
    }
    await hash.settled()
  }

  it.each([0, 1, small - 1, small, small + 1, 70 * mebibyte + 3])(
    'is that of %i bytes, whoever computes it',
    async (size) => {
      const bytes = randomBytes(size)
      const hash = new RunningHash('sha256', threads)
      await arrive(hash, bytes, 0)
      expect(await hash.digest(file, size)).toBe(digestOf(bytes))
      hash.forget()
    },
  )

  it('goes on after a digest, before and after a thread has taken over', async () => {
    const bytes = randomBytes(9 * mebibyte)
    const hash = new RunningHash('sha512', threads)
    let size = 0
    for (const part of [3, 2, 4]) {
      await arrive(hash, bytes.subarray(size, size + part * mebibyte), size)
      size += part * mebibyte
      expect(await hash.digest(file, size)).toBe(digestOf(bytes.subarray(0, size), 'sha512'))
    }
    hash.forget()
  })

  it('asks no thread for a small file', async () => {
    const without = new HashThreads(new URL('file:///there/is/no/worker.js'))
    const bytes = randomBytes(small)
    const hash = new RunningHash('sha256', without)
    await arrive(hash, bytes, 0)
    expect(await hash.digest(file, small)).toBe(digestOf(bytes))
  })

  it('counts what it did not see arrive, and forgets what was cut off', async () => {
    const bytes = randomBytes(6 * mebibyte)
    const hash = new RunningHash('sha256', threads)
    hash.update(bytes.subarray(0, 10))
    await file.write(bytes, 0, bytes.length, 0)
    expect(await hash.digest(file, bytes.length)).toBe(digestOf(bytes))
    await file.truncate(5)
    expect(await hash.digest(file, 5)).toBe(digestOf(bytes.subarray(0, 5)))
    hash.forget()
  })

  it('begins anew after it was forgotten', async () => {
    const bytes = randomBytes(6 * mebibyte)
    const hash = new RunningHash('sha256', threads)
    await arrive(hash, bytes, 0)
    hash.forget()
    expect(await hash.digest(file, bytes.length)).toBe(digestOf(bytes))
    hash.forget()
  })

  it('fails for a file that is shorter than it was said to be, and not for ever', async () => {
    const bytes = randomBytes(6 * mebibyte)
    await file.write(bytes)
    const hash = new RunningHash('sha256', threads)
    await expect(hash.digest(file, bytes.length + 1)).rejects.toThrow(
      `the file ends at ${bytes.length}, expected ${bytes.length + 1} bytes`,
    )
    expect(await hash.digest(file, bytes.length)).toBe(digestOf(bytes))
    hash.forget()
  })

  it('fails when its thread ends, and begins anew in another', async () => {
    const worker = join(folder, 'worker.mjs')
    await writeFile(worker, dyingWorker(join(folder, 'died')))
    const dying = new HashThreads(pathToFileURL(worker))
    const bytes = randomBytes(6 * mebibyte)
    const hash = new RunningHash('sha256', dying)
    await expect(arrive(hash, bytes, 0).then(() => hash.follow(file, bytes.length))).rejects.toThrow(
      'the thread that hashes uploads has ended',
    )
    await file.write(bytes, 0, bytes.length, 0)
    expect(await hash.digest(file, bytes.length)).toBe(digestOf(bytes))
    hash.forget()
  })

  it('fails when no thread can be started', async () => {
    const without = new HashThreads(new URL('file:///there/is/no/worker.js'))
    await file.write(randomBytes(6 * mebibyte))
    const hash = new RunningHash('sha256', without)
    await expect(hash.digest(file, 6 * mebibyte)).rejects.toThrow('the thread that hashes uploads has ended')
    hash.forget()
  })
})

/** Ends at its first message, and hashes in its second life. */
function dyingWorker(mark: string): string {
  const real = new URL('hash-worker.ts', import.meta.url).href
  return `import { existsSync, writeFileSync } from 'node:fs'
import { parentPort } from 'node:worker_threads'
const mark = ${JSON.stringify(mark)}
if (existsSync(mark)) await import(${JSON.stringify(real)})
else parentPort.on('message', () => {
  writeFileSync(mark, '')
  process.exit(3)
})
`
}
