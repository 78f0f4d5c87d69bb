import { describe, expect, it } from 'vitest'
import { sameOwner } from './registrable-domain.js'

describe('sameOwner', () => {
  it.each([
    ['registry-1.docker.io', 'auth.docker.io'],
    ['docker.io', 'auth.docker.io'],
    ['registry.gitlab.com', 'gitlab.com'],
    ['Registry.Example.COM.', 'auth.example.com'],
    ['registry.example.co.uk', 'auth.example.co.uk'],
    ['127.0.0.1', '127.0.0.1'],
    ['[::1]', '[::1]'],
    ['localhost', 'localhost'],
    ['me.azurecr.io', 'me.azurecr.io'],
    ['1.dkr.ecr.eu-west-1.amazonaws.com', '1.dkr.ecr.eu-west-1.amazonaws.com'],
  ])('says that %s and %s are one owner', (left, right) => {
    expect(sameOwner(left, right)).toBe(true)
    expect(sameOwner(right, left)).toBe(true)
  })

  it.each([
    ['registry-1.docker.io', 'docker.io.evil.example'],
    ['registry-1.docker.io', 'evildocker.io'],
    ['registry-1.docker.io', 'ghcr.io'],
    ['a.co.uk', 'b.co.uk'],
    ['registry.a.com.au', 'auth.b.com.au'],
    ['a.uk.com', 'b.uk.com'],
    ['me.azurecr.io', 'you.azurecr.io'],
    ['me.github.io', 'you.github.io'],
    ['1.dkr.ecr.eu-west-1.amazonaws.com', '2.dkr.ecr.eu-west-1.amazonaws.com'],
    ['1.dkr.ecr.eu-west-1.amazonaws.com', 'evil.s3.amazonaws.com'],
    ['me.jfrog.io', 'you.jfrog.io'],
    ['one.default.svc.cluster.local', 'two.other.svc.cluster.local'],
    ['10.0.0.1', '10.0.0.2'],
    ['1.2.0.1', '9.9.0.1'],
    ['[2001:db8::1]', '[2001:db8::2]'],
    ['localhost', 'evil.localhost'],
    ['com', 'example.com'],
    ['registry', 'auth'],
    ['.com', 'x.com'],
  ])('says that %s and %s are not', (left, right) => {
    expect(sameOwner(left, right)).toBe(false)
    expect(sameOwner(right, left)).toBe(false)
  })
})
