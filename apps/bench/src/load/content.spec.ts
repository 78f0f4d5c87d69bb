import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { contentOf, mebibyte } from './content.js'

describe('contentOf', () => {
  it('states the digest of all its pieces', () => {
    for (const mebibytes of [3, 1, 2]) {
      const { size, digest, pieces } = contentOf({ mebibytes, name: 'blob' })
      const bytes = Buffer.concat(pieces)
      expect(bytes.length).toBe(size)
      expect(size).toBe(mebibytes * mebibyte)
      expect(digest).toBe(`sha256:${createHash('sha256').update(bytes).digest('hex')}`)
    }
  })

  it('differs by name', () => {
    expect(contentOf({ mebibytes: 1, name: 'a' }).digest).not.toBe(
      contentOf({ mebibytes: 1, name: 'b' }).digest,
    )
  })
})
