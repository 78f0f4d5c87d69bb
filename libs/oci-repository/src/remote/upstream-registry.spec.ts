import { Readable } from 'node:stream'
import { digestOf } from '@entrepot/kernel'
import { parseImageName } from '@entrepot/oci-model'
import type { UpstreamClient, UpstreamResponse } from '@entrepot/upstream'
import { FaultyRegistry } from '@entrepot/upstream/testing'
import { createUpstream } from '@entrepot/upstream'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { UpstreamRegistry } from './upstream-registry.js'
import { WebPages } from './web-pages.js'

const image = parseImageName('library/alpine')
const digest = digestOf(Buffer.from('a blob'))
const noneBlocked = new WebPages({ blockMismatchingMimeTypes: false, mismatchingMimeTypesOverrideList: '' })
const signal = new AbortController().signal

let server: FaultyRegistry
let client: UpstreamClient
let answers: UpstreamResponse[]
let registry: UpstreamRegistry

beforeEach(async () => {
  server = await FaultyRegistry.start()
  client = createUpstream({
    baseUrl: server.url,
    username: '',
    password: '',
    timeLimitMilliseconds: 1000,
    idleLimitMilliseconds: 1000,
    assumedOfflineMilliseconds: 0,
    allowAnyHostAuth: false,
    userAgent: 'entrepot-test',
  })
  answers = []
  const noting: UpstreamClient = {
    request: async (request) => {
      const answer = await client.request(request)
      answers.push(answer)
      return answer
    },
    external: (request) => client.external(request),
    requireAskable: () => client.requireAskable(),
    probe: () => client.probe(),
    state: () => client.state(),
    close: () => client.close(),
  }
  registry = new UpstreamRegistry(noting, server.host, noneBlocked)
})
afterEach(async () => {
  await client.close()
  await server.close()
})

test('lets the connection go of a part that does not say which part it is', async () => {
  server.misbehave({ kind: 'status', status: 206, body: 'x'.repeat(100_000) })
  await expect(registry.blob(image, digest, 5, signal)).rejects.toMatchObject({ code: 'UPSTREAM_FAILED' })
  expect(answers.map(({ body }: { body: Readable }) => body.destroyed)).toEqual([true])
})

test.each([416, 410])('takes the length of an answer with status %d for no size', async (status) => {
  server.misbehave({ kind: 'status', status: 405 }, { method: 'HEAD' })
  server.misbehave({ kind: 'status', status, body: 'no such range' })
  await expect(registry.headBlob(image, digest, signal)).rejects.toMatchObject({ code: 'UPSTREAM_FAILED' })
})
