import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Containers } from '../support/containers.js'
import { adminPassword, Entrepot } from '../support/entrepot.js'
import { makeImage, makeIndex, writeLayout } from '../support/images.js'
import { requirePart } from '../support/parts.js'
import { bodyDigest } from '../support/registry-client.js'

interface Result {
  readonly messages: readonly { readonly level: string; readonly message: string }[]
}

const basicOf = (user: string, password: string) =>
  `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
const admin = basicOf('admin', adminPassword)
const moverPassword = 'Forklift-7 ramp'

describe.skipIf(!requirePart('root', 'skopeo'))('copying and moving', () => {
  let entrepot: Entrepot
  let tools: Containers

  const ask = (method: string, path: string, authorization = admin, body?: object) =>
    fetch(`${entrepot.url}/artifactory/${path}`, {
      method,
      headers: { authorization, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
  const transfer = async (verb: 'copy' | 'move', from: string, to: string, more = '', who = admin) => {
    const answer = await ask('POST', `api/${verb}/${from}?to=${encodeURIComponent(to)}${more}`, who)
    return { status: answer.status, ...((await answer.json()) as Result) }
  }
  const push = async (image: ReturnType<typeof makeImage>, to: string) => {
    const layout = join(tools.folder, to.replaceAll(/\W/g, '-'))
    await writeLayout(layout, image, '1')
    await tools.run('skopeo', 'copy', '--all', `oci:${layout}:1`, `docker://${entrepot.host}/${to}`)
  }
  const pulled = async (name: string, tag: string) => {
    const answer = await entrepot.registry.manifest(name, tag)
    return answer.status === 200 ? bodyDigest(answer) : answer.status
  }

  beforeAll(async () => {
    entrepot = await Entrepot.start()
    tools = await Containers.create(entrepot.host)
    await tools.login('skopeo', entrepot.host, 'admin', adminPassword)
    await ask('PUT', 'api/repositories/prod', admin, { rclass: 'local', packageType: 'docker' })
    await ask('PUT', 'api/security/users/mover', admin, { email: 'm@example.org', password: moverPassword })
    const target = (name: string, repository: string, actions: readonly string[]) =>
      ask('PUT', `api/v2/security/permissions/${name}`, admin, {
        name,
        repo: {
          repositories: [repository],
          'include-patterns': ['team/**'],
          actions: { users: { mover: actions } },
        },
      })
    await target('from', 'docker-local', ['read', 'delete'])
    await target('to', 'prod', ['read', 'write'])
  })
  afterAll(async () => {
    await tools?.dispose()
    await entrepot?.dispose()
  })

  it('takes an index with everything in it, as its dry run told', async () => {
    const index = makeIndex('moving')
    await push(index, 'docker-local/team/multi:1')
    const mover = basicOf('mover', moverPassword)
    const dry = await transfer('move', 'docker-local/team/multi/1', '/prod/team/multi/1', '&dry=1', mover)
    expect([dry.status, dry.messages[0]?.message]).toEqual([
      200,
      'docker-local:team/multi:1 to prod:team/multi:1: would be moved',
    ])
    expect(await pulled('prod/team/multi', '1')).toBe(404)
    const done = await transfer('move', 'docker-local/team/multi/1', '/prod/team/multi/1', '', mover)
    expect([done.status, done.messages.length]).toEqual([200, 2])
    expect(await pulled('prod/team/multi', '1')).toBe(index.digest)
    expect(await pulled('docker-local/team/multi', '1')).toBe(404)
    await tools.run(
      'skopeo',
      'copy',
      '--all',
      `docker://${entrepot.host}/prod/team/multi:1`,
      `dir:${tools.folder}/all`,
    )
  })

  it('copies a folder of images, and what is there looks the same', async () => {
    for (const [image, tag] of [
      ['a', '1'],
      ['a', '2'],
      ['b', '1'],
    ] as const) {
      await push(makeImage(`${image}${tag}`), `docker-local/team/${image}:${tag}`)
    }
    const done = await transfer('copy', 'docker-local/team', '/prod/release/')
    expect([done.status, done.messages.length]).toEqual([200, 4])
    for (const path of ['a/1', 'a/2', 'b/1']) {
      const info = async (of: string) => {
        const answer = await ask('GET', `api/storage/${of}/${path}/manifest.json`)
        const { checksums, size, mimeType } = (await answer.json()) as Record<string, unknown>
        return { status: answer.status, checksums, size, mimeType }
      }
      expect(await info('prod/release/team')).toEqual(await info('docker-local/team'))
    }
  })

  it('refuses who may not, tells who may not even look nothing, and leaves all as it is', async () => {
    await push(makeImage('closed'), 'docker-local/other/app:1')
    const mover = basicOf('mover', moverPassword)
    const denied = await transfer('copy', 'docker-local/team/a/1', '/docker-local/team/x/1', '', mover)
    expect([denied.status, denied.messages[0]?.level]).toEqual([403, 'ERROR'])
    const hidden = await transfer('move', 'docker-local/other/app/1', '/prod/team/x/1', '', mover)
    const absent = await transfer('move', 'docker-local/other/none/1', '/prod/team/x/1', '', mover)
    expect([hidden.status, absent.status]).toEqual([404, 404])
    expect(hidden.messages[0]?.message.replace('app', 'none')).toBe(absent.messages[0]?.message)
    expect(await pulled('docker-local/other/app', '1')).toBe(makeImage('closed').digest)
  })
})
