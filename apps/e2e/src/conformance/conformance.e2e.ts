import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DockerRegistry } from '../support/docker-registry.js'
import { Entrepot } from '../support/entrepot.js'
import { makeImage, makeIndex } from '../support/images.js'
import { requirePart } from '../support/parts.js'
import { runReleased, runRewrite, type Verdict } from './run-conformance.js'

/** A report with fewer cases than this did not test the registry. */
const leastCases = { rewrite: 500, readOnly: 10, released: 60 }

function expectConformance(verdict: Verdict, atLeast: number): void {
  expect(verdict.failures, verdict.said).toEqual([])
  expect(verdict.exitCode, verdict.said).toBe(0)
  expect(verdict.cases, verdict.said).toBeGreaterThanOrEqual(atLeast)
  expect(verdict.skipped.length, verdict.skipped.join('\n')).toBeLessThanOrEqual(2)
}

describe('the official conformance programs', () => {
  let entrepot: Entrepot
  let upstream: DockerRegistry
  const present = requirePart('conformance', 'conformance-v1.1.1.test', 'docker-registry')

  beforeAll(async () => {
    if (!present) return
    entrepot = await Entrepot.start()
    upstream = await DockerRegistry.start()
    await entrepot.createRepository('mirror', { rclass: 'remote', url: upstream.url })
    await entrepot.createRepository('over', {
      rclass: 'virtual',
      repositories: ['docker-local', 'mirror'],
      defaultDeploymentRepo: 'docker-local',
    })
  })
  afterAll(async () => {
    await upstream?.dispose()
    await entrepot?.dispose()
  })

  for (const key of ['docker-local', 'over']) {
    it.skipIf(!present).each(['1.1', 'dev'])(
      `the rewrite passes on ${key} as version %s`,
      async (version) => {
        const verdict = await runRewrite(entrepot, {
          OCI_VERSION: version,
          OCI_REPO1: `${key}/conformance/repo1`,
          OCI_REPO2: `${key}/conformance/repo2`,
        })
        expectConformance(verdict, leastCases.rewrite)
      },
    )

    it.skipIf(!present)(`the program of v1.1.1 passes on ${key}`, async () => {
      expectConformance(await runReleased(entrepot, key), leastCases.released)
    })
  }

  it.skipIf(!present).each(['mirror', 'over'])(
    'the rewrite reads what %s has from its upstream',
    async (key) => {
      const image = makeImage('conformance')
      const index = makeIndex('conformance')
      await upstream.client.pushImage('conformance/read', 'image', image)
      await upstream.client.pushImage('conformance/read', 'index', index)
      const off = { OCI_API_PUSH: 'false', OCI_API_BLOBS_DELETE: 'false', OCI_API_MANIFESTS_DELETE: 'false' }
      const verdict = await runRewrite(entrepot, {
        ...off,
        OCI_API_TAGS_DELETE: 'false',
        OCI_VERSION: '1.1',
        OCI_REPO1: `${key}/conformance/read`,
        OCI_REPO2: `${key}/conformance/read`,
        OCI_RO_DATA_TAGS: 'image index',
        OCI_RO_DATA_MANIFESTS: [image, index, ...index.children].map((one) => one.digest).join(' '),
        OCI_RO_DATA_BLOBS: [...image.blobs.keys()].join(' '),
      })
      expect(verdict.failures, verdict.said).toEqual([])
      expect(verdict.exitCode, verdict.said).toBe(0)
      expect(verdict.cases, verdict.said).toBeGreaterThanOrEqual(leastCases.readOnly)
    },
  )
})
