import { expect, it } from 'vitest'
import { byteSize } from './byte-size.js'

it.each([
  [0, '0 bytes'],
  [1023, '1023 bytes'],
  [1024, '1.00 KB'],
  [1536, '1.50 KB'],
  [1024 ** 2 - 1, '1024.00 KB'],
  [1024 ** 3, '1.00 GB'],
  [3.25 * 1024 ** 4, '3.25 TB'],
  [5000 * 1024 ** 5, '5000.00 PB'],
])('%d bytes are %s', (bytes, text) => {
  expect(byteSize(bytes)).toBe(text)
})
