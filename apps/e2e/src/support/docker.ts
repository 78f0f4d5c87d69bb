import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { program } from './parts.js'
import { fail, run, Service, succeed, type RunOptions } from './processes.js'
import { makeTar, noise } from './images.js'
import { removeFolder, temporaryFolder } from './workplace.js'

/**
 * A Docker daemon of the tests' own and the docker command beside it. It has no network of its own and copies
 * layers (vfs), so it needs neither iptables nor overlayfs; everything it writes is in one temporary folder.
 */
export class Docker {
  private constructor(
    private readonly folder: string,
    private readonly service: Service,
  ) {}

  static async start(options: { readonly mirrors?: readonly string[] } = {}): Promise<Docker> {
    const folder = await temporaryFolder('docker')
    const socket = `unix://${join(folder, 'd.sock')}`
    await mkdir(join(folder, 'config'))
    await writeFile(join(folder, 'daemon.json'), '{}')
    const isolation = ['--bridge=none', '--iptables=false', '--ip6tables=false', '--storage-driver=vfs']
    const service = await Service.start({
      name: 'dockerd',
      command: program('dockerd'),
      args: [
        ...isolation,
        `--config-file=${join(folder, 'daemon.json')}`,
        `--data-root=${join(folder, 'data')}`,
        `--exec-root=${join(folder, 'exec')}`,
        `--pidfile=${join(folder, 'd.pid')}`,
        `--host=${socket}`,
        ...(options.mirrors ?? []).map((mirror) => `--registry-mirror=${mirror}`),
      ],
      ready: async () => (await run(program('docker'), ['--host', socket, 'version'])).code === 0,
    })
    return new Docker(folder, service)
  }

  /** What the daemon logged. */
  get log(): string {
    return this.service.output()
  }

  async run(...args: readonly string[]): Promise<string> {
    return succeed(program('docker'), args, this.options)
  }

  /** Runs a command that must fail, and gives what it said. */
  async fails(...args: readonly string[]): Promise<string> {
    return fail(program('docker'), args, this.options)
  }

  async login(host: string, user: string, password: string): Promise<string> {
    const args = ['login', '--username', user, '--password-stdin', host]
    return succeed(program('docker'), args, { ...this.options, input: password })
  }

  async loginFails(host: string, user: string, password: string): Promise<string> {
    const args = ['login', '--username', user, '--password-stdin', host]
    return fail(program('docker'), args, { ...this.options, input: password })
  }

  /** Keeps credentials without asking the server, as a configuration file from elsewhere does. */
  async keepCredentials(server: string, user: string, password: string): Promise<void> {
    const auth = Buffer.from(`${user}:${password}`).toString('base64')
    await writeFile(
      join(this.folder, 'config', 'config.json'),
      JSON.stringify({ auths: { [server]: { auth } } }),
    )
  }

  /** Makes an image offline; `seed` makes it differ from others. */
  async importImage(name: string, seed: string, size = 300_000): Promise<void> {
    const tar = makeTar({ 'etc/seed': Buffer.from(seed), 'data/noise': noise(size, seed) })
    await succeed(program('docker'), ['import', '-', name], { ...this.options, input: tar })
  }

  /** Pushes and gives the digest the daemon reports. */
  async push(name: string): Promise<string> {
    const said = await this.run('push', name)
    return digestIn(said)
  }

  /** Forgets a reference, then pulls it and gives the digest the daemon reports. */
  async pullAfresh(name: string): Promise<string> {
    await run(program('docker'), ['rmi', '--force', name], this.options)
    const said = await this.run('pull', name)
    return digestIn(said)
  }

  async dispose(): Promise<void> {
    await this.service.stop()
    await removeFolder(this.folder)
  }

  private get options(): RunOptions {
    return {
      env: {
        PATH: process.env['PATH'],
        HOME: this.folder,
        DOCKER_HOST: `unix://${join(this.folder, 'd.sock')}`,
        DOCKER_CONFIG: join(this.folder, 'config'),
      },
      timeoutMs: 60_000,
    }
  }
}

function digestIn(said: string): string {
  const digest = /digest: (sha256:[0-9a-f]{64})/i.exec(said)?.[1]
  if (digest === undefined) throw new Error(`no digest in: ${said}`)
  return digest
}
