import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { descendants } from '../process-figures.js'
import type { Contender } from './contender.js'
import { freePort, Service } from './service.js'

const builtServer = fileURLToPath(new URL('../../apps/server/src/main.js', import.meta.url))
const repository = 'docker-local'
const name = `${repository}/bench/app`
const password = 'Quayside 7 lanterns'

/** As it is started by anybody: embedded PostgreSQL, authentication on, the log at its default level. */
export async function startEntrepot(folder: string): Promise<Contender> {
  const home = join(folder, 'entrepot')
  await mkdir(home)
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const service = await Service.start({
    name: 'entrepot',
    command: process.execPath,
    args: [process.env['ENTREPOT_BENCH_SERVER'] ?? builtServer],
    environment: {
      PATH: process.env['PATH'],
      HOME: home,
      NODE_ENV: 'production',
      ENTREPOT_LISTEN: `127.0.0.1:${port}`,
      ENTREPOT_DATA_DIR: join(home, 'data'),
      ENTREPOT_ADMIN_PASSWORD: password,
    },
    folder,
    readyUrl: `${url}/readyz`,
  })
  const token = new BearerToken(url)
  return {
    key: 'entrepot',
    title: 'Entrepot',
    blobFolder: join(home, 'data'),
    pid: service.pid,
    target: async () => ({
      host: '127.0.0.1',
      port,
      path: `/v2/${name}`,
      authorization: `Bearer ${await token.value()}`,
    }),
    databasePids: () => descendants(service.pid),
    requireRunning: () => service.requireRunning(),
    stop: () => service.stop(),
  }
}

/** Asked for as a client does, and again when less than half of its time is left. */
class BearerToken {
  #value = ''
  #freshUntil = 0

  constructor(private readonly url: string) {}

  async value(): Promise<string> {
    if (performance.now() < this.#freshUntil) return this.#value
    const response = await fetch(await this.endpoint(), {
      headers: { authorization: `Basic ${Buffer.from(`admin:${password}`).toString('base64')}` },
    })
    if (!response.ok) throw new Error(`the token endpoint answers ${response.status}`)
    const { token, expires_in } = (await response.json()) as { token: string; expires_in?: number }
    this.#value = token
    this.#freshUntil = performance.now() + (expires_in ?? 60) * 500
    return token
  }

  private async endpoint(): Promise<string> {
    const response = await fetch(`${this.url}/v2/`)
    await response.body?.cancel()
    const challenge = response.headers.get('www-authenticate') ?? ''
    const [realm, service] = ['realm', 'service'].map((field) =>
      new RegExp(`${field}="([^"]*)"`).exec(challenge),
    )
    if (response.status !== 401 || realm?.[1] === undefined) {
      throw new Error(
        `GET /v2/ without a token answers ${response.status} ${challenge}: authentication is off`,
      )
    }
    const query = new URLSearchParams({ scope: `repository:${name}:pull,push` })
    if (service?.[1] !== undefined) query.set('service', service[1])
    return `${realm[1]}?${query.toString()}`
  }
}
