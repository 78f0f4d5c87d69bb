import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Contender } from './contender.js'
import { freePort, Service } from './service.js'

/**
 * Its own example configuration without authentication, and without what costs it speed: no access log, no tracing, and
 * nothing logged below errors.
 */
function configuration(folder: string, port: number): string {
  return `version: 0.1
log:
  level: error
  accesslog:
    disabled: true
storage:
  cache:
    blobdescriptor: inmemory
  filesystem:
    rootdirectory: ${folder}
  delete:
    enabled: true
http:
  addr: 127.0.0.1:${port}
`
}

export interface DistributionOptions {
  readonly key: 'distribution-3.1' | 'distribution-2.8'
  readonly title: string
  readonly command: string
}

export async function startDistribution(folder: string, options: DistributionOptions): Promise<Contender> {
  const { key, title, command } = options
  const blobFolder = join(folder, key)
  await mkdir(blobFolder)
  const port = await freePort()
  const configFile = join(folder, `${key}.yml`)
  await writeFile(configFile, configuration(blobFolder, port))
  const service = await Service.start({
    name: key,
    command,
    args: ['serve', configFile],
    environment: { PATH: process.env['PATH'], HOME: folder, OTEL_TRACES_EXPORTER: 'none' },
    folder,
    readyUrl: `http://127.0.0.1:${port}/v2/`,
  })
  const target = { host: '127.0.0.1', port, path: '/v2/bench/app', authorization: undefined }
  return {
    key,
    title,
    blobFolder,
    pid: service.pid,
    target: () => Promise.resolve(target),
    databasePids: () => Promise.resolve([]),
    requireRunning: () => service.requireRunning(),
    stop: () => service.stop(),
  }
}
