import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { descendants } from '../process-figures.js'
import { BearerToken } from './bearer-token.js'
import type { Contender } from './contender.js'
import { freePort, Service } from './service.js'

const builtServer = fileURLToPath(new URL('../../apps/server/src/main.js', import.meta.url))

/** The image of all measurements. */
export const imagePath = 'docker-local/bench/app'
export const administrator = { user: 'admin', password: 'Quayside 7 lanterns' }

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
      ENTREPOT_ADMIN_PASSWORD: administrator.password,
    },
    folder,
    readyUrl: `${url}/readyz`,
  })
  const token = new BearerToken(url, administrator, `repository:${imagePath}:pull,push`)
  return {
    key: 'entrepot',
    title: 'Entrepot',
    blobFolder: join(home, 'data'),
    pid: service.pid,
    target: async () => ({
      host: '127.0.0.1',
      port,
      path: `/v2/${imagePath}`,
      authorization: `Bearer ${await token.value()}`,
    }),
    databasePids: () => descendants(service.pid),
    requireRunning: () => service.requireRunning(),
    stop: () => service.stop(),
  }
}
