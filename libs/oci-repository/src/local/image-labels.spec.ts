import { digestOf } from '@entrepot/kernel'
import { mediaTypes, parseImageName, parseTag } from '@entrepot/oci-model'
import { localConfig, virtualConfig } from '@entrepot/repositories/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Workbench } from '../testing/workbench.js'

const imageConfig = 'application/vnd.oci.image.config.v1+json'

let bench: Workbench
beforeEach(async () => {
  bench = new Workbench()
  await bench.add(
    localConfig('local'),
    virtualConfig('all', ['local'], { defaultDeploymentRepo: 'local' as never }),
  )
})
afterEach(() => bench.close())

async function labelsAfterPush(config: Buffer, mediaType = imageConfig, key = 'local'): Promise<object> {
  await bench.pushBlob(key, 'app', config)
  const descriptor = { mediaType, digest: digestOf(config), size: config.length }
  const manifest = { schemaVersion: 2, mediaType: mediaTypes.ociManifest, config: descriptor, layers: [] }
  const { digest } = await bench.pushManifest(key, 'app', 'v1', Buffer.from(JSON.stringify(manifest)))
  const id = bench.directory.find('local')?.id
  if (id === undefined) throw new Error('local is gone')
  const [found] = await bench.properties.labelsOf(id, [{ image: parseImageName('app'), digest }])
  expect(await bench.manifests.findByTag(id, parseImageName('app'), parseTag('v1'))).toBeDefined()
  return Object.fromEntries(found?.labels ?? [])
}

const config = (labels: unknown) => Buffer.from(JSON.stringify({ os: 'linux', config: { Labels: labels } }))

describe('the labels of an image', () => {
  it('are those of its config, for both kinds of config', async () => {
    const expected = { maintainer: ['ann'], 'org.opencontainers.image.version': ['1.0'] }
    const labels = config({ maintainer: 'ann', 'org.opencontainers.image.version': '1.0' })
    expect(await labelsAfterPush(labels)).toEqual(expected)
    expect(await labelsAfterPush(labels, 'application/vnd.docker.container.image.v1+json')).toEqual(expected)
    expect(await labelsAfterPush(labels, imageConfig, 'all')).toEqual(expected)
  })

  it('are kept when the config is longer than one read', async () => {
    const labels = Object.fromEntries(Array.from({ length: 90 }, (_, n) => [`label-${n}`, 'x'.repeat(2000)]))
    expect(Object.keys(await labelsAfterPush(config(labels)))).toHaveLength(90)
  })

  it('are none of what is no image’s config, or none that is known', async () => {
    const labels = config({ maintainer: 'ann' })
    expect(await labelsAfterPush(labels, 'application/vnd.cncf.helm.config.v1+json')).toEqual({})
    for (const text of ['{', 'null', '[]', '"x"', '{"config":null}', '{"config":{"Labels":null}}'])
      expect([text, await labelsAfterPush(Buffer.from(text))]).toEqual([text, {}])
  })

  it('leaves out values that are no text', async () => {
    expect(await labelsAfterPush(config({ a: 'x', b: 1, c: null, d: ['y'] }))).toEqual({ a: ['x'] })
  })

  it('are not looked for in a config that is too large', async () => {
    const padded = Buffer.from(JSON.stringify({ config: { Labels: { a: 'x' } }, pad: 'x'.repeat(300_000) }))
    expect(await labelsAfterPush(padded)).toEqual({})
  })
})
