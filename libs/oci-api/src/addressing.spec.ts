import type { OciRepository } from '@entrepot/oci-repository'
import { describe, expect, it } from 'vitest'
import { isAbsent } from './absent-repository.js'
import { type AddressingRules, type Coordinates, resolveName, resolveRoot } from './addressing.js'
import { type ClientHost, parseHost } from './client-host.js'
import { FakeDirectory, FakeRepository } from './testing/index.js'

const directory = new FakeDirectory(
  new FakeRepository('docker'),
  new FakeRepository('docker-local'),
  new FakeRepository('127'),
)
directory.add(new FakeRepository('docker-hub', { kind: 'remote' }), 'docker.io')

const noRules: AddressingRules = { publicHostname: undefined, defaultRepository: undefined }

function from(host: string, more: Partial<Coordinates> = {}): Coordinates {
  return {
    prefixKey: undefined,
    host: () => parseHost(host) as ClientHost,
    namespace: undefined,
    ...more,
  }
}

function resolve(
  name: string,
  coordinates: Coordinates,
  rules: Partial<AddressingRules> = {},
): [means: string, key: string, image: string] {
  const { means, repository, image } = resolveName(name, coordinates, { ...noRules, ...rules }, directory)
  return [means, repository.key, image]
}

describe('resolveName', () => {
  it('takes the first path segment for the key', () => {
    expect(resolve('docker/library/alpine', from('localhost'))).toEqual(['path', 'docker', 'library/alpine'])
  })

  it('does not ask for the host when the path settles it', () => {
    const coordinates = from('localhost', {
      host: () => {
        throw new Error('asked')
      },
    })
    expect(resolve('docker/alpine', coordinates)[0]).toBe('path')
  })

  it('takes the first label of the host', () => {
    expect(resolve('team/app', from('docker.registry.example'))).toEqual(['host', 'docker', 'team/app'])
    expect(
      resolve('team/app', from('docker.registry.example:5000'), { publicHostname: 'registry.example' }),
    ).toEqual(['host', 'docker', 'team/app'])
  })

  it('takes no label of a foreign host, where the public host is known', () => {
    const rules = { publicHostname: 'registry.example' }
    expect(resolve('team/app', from('docker.evil.example'), rules)[0]).toBe('unknown')
    expect(resolve('team/app', from('docker.a.registry.example'), rules)[0]).toBe('unknown')
  })

  it('takes no label of an address or of a bare host name', () => {
    expect(resolve('team/app', from('127.0.0.1:8080'))[0]).toBe('unknown')
    expect(resolve('team/app', from('docker:8080'))[0]).toBe('unknown')
  })

  it('prefers the path over the host, the host over ?ns=, and ?ns= over the default', () => {
    const rules = { defaultRepository: 'docker' }
    const namespace = 'docker.io'
    expect(resolve('docker/app', from('docker-local.x', { namespace }), rules)).toEqual([
      'path',
      'docker',
      'app',
    ])
    expect(resolve('team/app', from('docker-local.x', { namespace }), rules)[1]).toBe('docker-local')
    expect(resolve('team/app', from('localhost', { namespace }), rules)).toEqual([
      'namespace',
      'docker-hub',
      'team/app',
    ])
    expect(resolve('team/app', from('localhost'), rules)).toEqual(['default', 'docker', 'team/app'])
  })

  it('takes a name of one segment for an image, even when it is a key too', () => {
    expect(resolve('docker', from('localhost'), { defaultRepository: 'docker-hub' })).toEqual([
      'default',
      'docker-hub',
      'docker',
    ])
  })

  it('passes over a namespace that no remote is for', () => {
    const namespace = 'quay.io'
    expect(resolve('a', from('localhost', { namespace }), { defaultRepository: 'docker' })[0]).toBe('default')
    expect(resolve('a', from('localhost', { namespace: 'docker.io\r\nx' }))[0]).toBe('unknown')
  })

  it('takes the whole name for the image where the prefix has the key', () => {
    expect(resolve('docker/app', from('localhost', { prefixKey: 'docker-local' }))).toEqual([
      'prefix',
      'docker-local',
      'docker/app',
    ])
  })

  it('gives an absent repository for a key that nobody has', () => {
    const address = resolveName('nowhere/app', from('localhost'), noRules, directory)
    expect(isAbsent(address.repository)).toBe(true)
    expect([address.repository.key, address.image]).toEqual(['nowhere', 'app'])
    const byPrefix = resolveName('app', from('localhost', { prefixKey: 'nowhere' }), noRules, directory)
    expect(isAbsent(byPrefix.repository)).toBe(true)
  })

  it.each([
    'docker/App',
    'docker/../etc',
    'docker//app',
    'docker/a\0b',
    'docker/',
    'Docker/app',
    '../docker/app',
    'docker/-app',
    `docker/${'a'.repeat(250)}`,
  ])('refuses the name %j', (name) => {
    expect(() => resolve(name, from('localhost'))).toThrow(expect.objectContaining({ code: 'NAME_INVALID' }))
  })
})

describe('resolveRoot', () => {
  const key = (repository: OciRepository | undefined) => repository?.key

  it('means one repository by prefix or host, else all of them', () => {
    expect(
      key(resolveRoot(from('localhost', { prefixKey: 'docker' }), noRules, directory, () => false)),
    ).toBe('docker')
    expect(key(resolveRoot(from('docker.example'), noRules, directory, () => true))).toBe('docker')
    expect(resolveRoot(from('localhost'), noRules, directory, () => true)).toBeUndefined()
  })
})
