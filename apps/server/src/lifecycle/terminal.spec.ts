import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { Terminal, type Welcome } from './terminal.js'

const first: Welcome = {
  address: { host: '0.0.0.0', port: 8080 },
  publicUrl: undefined,
  generatedPassword: undefined,
  repository: 'docker',
}

function welcomed(welcome: Welcome): string {
  const stream = new PassThrough()
  new Terminal(stream).welcome(welcome)
  return String(stream.read())
}

describe('the welcome', () => {
  it('says the three lines to type next', () => {
    const lines = welcomed(first).split('\n')
    expect(lines).toContain('  docker login localhost:8080 -u admin')
    expect(lines).toContain('  docker push localhost:8080/docker/team/app:1')
    expect(lines).toContain('  docker pull localhost:8080/docker/library/alpine')
    expect(lines.join()).not.toContain('password')
  })

  it('shows a generated password', () => {
    expect(welcomed({ ...first, generatedPassword: 's3cret' })).toContain('shown this once: s3cret')
  })

  it('names the host that clients use', () => {
    expect(welcomed({ ...first, publicUrl: 'https://registry.example' })).toContain(
      'login registry.example -u',
    )
    expect(welcomed({ ...first, address: { host: '10.1.2.3', port: 80 } })).toContain('login 10.1.2.3 -u')
    expect(welcomed({ ...first, address: { host: 'fd00::1', port: 81 } })).toContain('login [fd00::1]:81 -u')
  })

  it('names no repository where there is none', () => {
    expect(welcomed({ ...first, repository: undefined })).not.toMatch(/push|pull/)
  })
})
