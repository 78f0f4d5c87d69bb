import { describe, expect, it } from 'vitest'
import { parseTag, subjectOfReferrersTag } from './reference.js'

const hex = 'a'.repeat(64)

describe('the subject of a referrers tag', () => {
  it.each([`sha256-${hex}`, `sha256-${hex}.sig`, `sha256-${hex}.att`])('is in %s', (tag) => {
    expect(subjectOfReferrersTag(parseTag(tag))).toBe(`sha256:${hex}`)
  })

  it.each(['latest', `sha256-${hex}a`, `sha256-${hex}-x`, `x-sha256-${hex}`, `sha256-${hex.toUpperCase()}`])(
    'is not in %s',
    (tag) => {
      expect(subjectOfReferrersTag(parseTag(tag))).toBeUndefined()
    },
  )
})
