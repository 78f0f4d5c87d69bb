import { describe, expect, it } from 'vitest'
import { asStorageError } from './file-errors.js'

describe('asStorageError', () => {
  it.each(['ENOSPC', 'EDQUOT'])('tells %s as STORAGE_FULL, and the folder only to the log', (code) => {
    const cause = Object.assign(new Error('write failed'), { code })
    expect(asStorageError(cause, '/var/blobs')).toMatchObject({
      code: 'STORAGE_FULL',
      message: expect.not.stringContaining('/var/blobs'),
      cause: { message: expect.stringContaining('/var/blobs'), cause },
    })
  })

  it('leaves any other error as it is', () => {
    const error = Object.assign(new Error('bad disk'), { code: 'EIO' })
    expect(asStorageError(error, '/var/blobs')).toBe(error)
  })
})
