import { parseImageName } from '@entrepot/oci-model'
import { describe, expect, test } from 'vitest'
import { upstreamImageName } from './docker-hub.js'

describe('the name of an image upstream', () => {
  test.each([
    ['alpine', 'registry-1.docker.io', 'library/alpine'],
    ['library/alpine', 'registry-1.docker.io', 'library/alpine'],
    ['team/app', 'index.docker.io', 'team/app'],
    ['alpine', 'quay.io', 'alpine'],
    ['alpine', 'registry-1.docker.io.evil.example', 'alpine'],
  ])('of %s at %s is %s', (image, host, expected) => {
    expect(upstreamImageName(parseImageName(image), host)).toBe(expected)
  })
})
