import { Readable } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { withDisposableChunks } from './disposable-chunks.js'
import { receive } from './receive.js'

describe('the memory of received chunks', () => {
  const receiveAll = async (source: Readable) => {
    const written: string[] = []
    await receive(
      source,
      async (batch) => {
        written.push(Buffer.concat(batch).toString())
      },
      { batchBytes: 4, onChunk: () => undefined },
    )
    return written.join('')
  }

  test('is given back once they are written, where they are nobody else’s', async () => {
    const chunks = ['0123', '4567', '89'].map((text) => Buffer.from(new TextEncoder().encode(text).buffer))
    expect(await receiveAll(withDisposableChunks(Readable.from(chunks)))).toBe('0123456789')
    expect(chunks.map((chunk) => chunk.length)).toEqual([0, 0, 0])
  })

  test('stays where a chunk is only a part of it', async () => {
    const whole = Buffer.from(new TextEncoder().encode('0123456789').buffer)
    const chunks = [whole.subarray(0, 5), whole.subarray(5)]
    expect(await receiveAll(withDisposableChunks(Readable.from(chunks)))).toBe('0123456789')
    expect(whole.toString()).toBe('0123456789')
  })

  test('stays where the source did not say so', async () => {
    const chunk = Buffer.from(new TextEncoder().encode('0123').buffer)
    expect(await receiveAll(Readable.from([chunk]))).toBe('0123')
    expect(chunk.toString()).toBe('0123')
  })
})
