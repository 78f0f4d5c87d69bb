import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { FaultyRegistry, selfSignedCertificate } from '@entrepot/upstream/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { adminPassword, Entrepot } from '../support/entrepot.js'
import { program, requirePart } from '../support/parts.js'
import { Service } from '../support/processes.js'
import { eventually, freePort, removeFolder, temporaryFolder } from '../support/workplace.js'

const admin = `Basic ${Buffer.from(`admin:${adminPassword}`).toString('base64')}`
const user = 'entrepot'
const password = 'canary-Sluice-gate'

/** Not by `fetch`, which takes 407 for a failure of its own. */
async function isListening(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

describe.skipIf(!requirePart('tinyproxy'))('remote repositories behind a proxy', () => {
  let folder: string
  let entrepot: Entrepot
  let proxy: Service
  let proxyPort: number
  let plain: FaultyRegistry
  let secure: FaultyRegistry

  const log = () => readFile(join(folder, 'proxy.log'), 'utf8')
  const configure = async (yaml: string) => {
    const answer = await fetch(`${entrepot.url}/artifactory/api/system/configuration`, {
      method: 'PATCH',
      headers: { authorization: admin, 'content-type': 'application/yaml' },
      body: yaml,
    })
    expect([answer.status, await answer.text()]).toEqual([200, expect.stringContaining('merged')])
  }
  const corp = (secret: string) =>
    configure(
      `proxies: {corp: {host: 127.0.0.1, port: ${proxyPort}, username: ${user}, password: ${secret}}}`,
    )
  const add = (key: string, url: string) =>
    entrepot.createRepository(key, { rclass: 'remote', url, proxy: 'corp', assumedOfflinePeriodSecs: 0 })

  async function startProxy(): Promise<Service> {
    const config = join(folder, 'tinyproxy.conf')
    const lines = [
      `Port ${proxyPort}`,
      'Listen 127.0.0.1',
      'Allow 127.0.0.1',
      `BasicAuth ${user} ${password}`,
      `LogFile "${join(folder, 'proxy.log')}"`,
      'LogLevel Connect',
    ]
    await writeFile(config, `${lines.join('\n')}\n`)
    return Service.start({
      name: 'tinyproxy',
      command: program('tinyproxy'),
      args: ['-d', '-c', config],
      ready: () => isListening(proxyPort),
    })
  }

  beforeAll(async () => {
    folder = await temporaryFolder('proxies')
    proxyPort = await freePort()
    proxy = await startProxy()
    const tls = selfSignedCertificate()
    const authority = join(folder, 'authority.pem')
    await writeFile(authority, tls.cert)
    plain = await FaultyRegistry.start()
    secure = await FaultyRegistry.start({ tls })
    for (const registry of [plain, secure]) for (const tag of ['1', '2', '3']) registry.addImage('app', tag)
    entrepot = await Entrepot.start({ env: { NODE_EXTRA_CA_CERTS: authority } })
    await corp(password)
    await add('plain', plain.url)
    await add('secure', secure.url)
  })
  afterAll(async () => {
    await entrepot?.dispose()
    await proxy?.stop()
    await Promise.all([plain?.close(), secure?.close()])
    await removeFolder(folder)
  })

  it('pulls over http and, in a tunnel, over https', async () => {
    for (const key of ['plain', 'secure']) {
      expect((await entrepot.registry.manifest(`${key}/app`, '1')).status).toBe(200)
    }
    const said = await log()
    expect(said).toContain(`GET ${plain.url}/v2/app/manifests/1`)
    expect(said).toContain(`CONNECT ${secure.host}`)
    const shown = JSON.stringify([plain.requests, secure.requests])
    expect(shown).not.toContain('proxy-authorization')
    expect(shown).not.toContain(Buffer.from(`${user}:${password}`).toString('base64'))
  })

  it('says which proxy wants another password, and pulls again with the right one', async () => {
    await corp('canary-wrong')
    const named = `proxy corp (127.0.0.1:${proxyPort})`
    const tunnelled = await entrepot.registry.manifest('secure/app', '2')
    expect(tunnelled.status).toBe(502)
    expect(tunnelled.body.toString()).toContain(`${named} wants other credentials (401)`)
    // To a wrong password this proxy answers as the upstream would, which nobody can tell apart where it isn't a tunnel.
    const plainly = await entrepot.registry.manifest('plain/app', '2')
    expect(plainly.status).toBe(403)
    expect(plainly.body.toString()).toContain(`(through ${named}) denies access (401)`)
    await corp(password)
    for (const key of ['plain', 'secure']) {
      expect((await entrepot.registry.manifest(`${key}/app`, '2')).status).toBe(200)
    }
  })

  it('says that the proxy is down, and never goes around it', async () => {
    await proxy.stop()
    const before = plain.requests.length + secure.requests.length
    for (const key of ['plain', 'secure']) {
      const answer = await entrepot.registry.manifest(`${key}/app`, '3')
      expect(answer.status).toBe(502)
      expect(answer.body.toString()).toContain(`proxy corp (127.0.0.1:${proxyPort}) refuses connections`)
    }
    expect(plain.requests.length + secure.requests.length).toBe(before)
    proxy = await startProxy()
    await eventually(
      'the pull',
      async () => (await entrepot.registry.manifest('plain/app', '3')).status === 200,
    )
  })

  it('shows the password in no answer and no log line', async () => {
    const answer = await fetch(`${entrepot.url}/artifactory/api/system/configuration`, {
      headers: { authorization: admin },
    })
    expect(await answer.text()).toContain(`<username>${user}</username>`)
    const audit = await entrepot.registry.get('/artifactory/api/entrepot/audit?limit=200')
    const everything = entrepot.output + audit.body.toString()
    expect(everything).toContain('proxies.corp')
    for (const secret of [password, 'canary-wrong', Buffer.from(`${user}:${password}`).toString('base64')]) {
      expect(everything).not.toContain(secret)
    }
  })
})
