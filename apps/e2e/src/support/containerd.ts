import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { program } from './parts.js'
import { fail, run, Service, succeed, type RunOptions } from './processes.js'
import { removeFolder, temporaryFolder } from './workplace.js'

/** A containerd of the tests' own, driven by `ctr`; layers are copied (native), CRI is off. */
export class Containerd {
  private constructor(
    private readonly folder: string,
    private readonly service: Service,
  ) {}

  static async start(): Promise<Containerd> {
    const folder = await temporaryFolder('ctr')
    const config = [
      'version = 2',
      `root = "${join(folder, 'root')}"`,
      `state = "${join(folder, 'state')}"`,
      'disabled_plugins = ["io.containerd.grpc.v1.cri"]',
      '[grpc]',
      `address = "${join(folder, 'c.sock')}"`,
      '[ttrpc]',
      `address = "${join(folder, 't.sock')}"`,
    ]
    await writeFile(join(folder, 'config.toml'), config.join('\n'))
    const service = await Service.start({
      name: 'containerd',
      command: program('containerd'),
      args: ['--config', join(folder, 'config.toml')],
      ready: async () =>
        (await run(program('ctr'), ['--address', join(folder, 'c.sock'), 'version'])).code === 0,
    })
    return new Containerd(folder, service)
  }

  get hostsFolder(): string {
    return join(this.folder, 'hosts')
  }

  async run(...args: readonly string[]): Promise<string> {
    return succeed(program('ctr'), ['--address', join(this.folder, 'c.sock'), ...args], this.options)
  }

  /** Runs a command that must fail, and gives what it said. */
  async fails(...args: readonly string[]): Promise<string> {
    return fail(program('ctr'), ['--address', join(this.folder, 'c.sock'), ...args], this.options)
  }

  async pull(reference: string, ...options: readonly string[]): Promise<void> {
    await this.run('images', 'pull', '--snapshotter', 'native', ...options, reference)
  }

  /** Writes `<hosts>/<registry>/hosts.toml`, which sends requests for `registry` to `mirror`. */
  async mirror(registry: string, mirror: string): Promise<void> {
    const folder = join(this.hostsFolder, registry)
    await mkdir(folder, { recursive: true })
    const toml = `server = "${mirror}"\n[host."${mirror}"]\n  capabilities = ["pull", "resolve"]\n`
    await writeFile(join(folder, 'hosts.toml'), toml)
  }

  /** The digest containerd has under a reference. */
  async digestOf(reference: string): Promise<string> {
    const listed = await this.run('images', 'ls')
    const line = listed.split('\n').find((one) => one.startsWith(`${reference} `))
    const digest = /sha256:[0-9a-f]{64}/.exec(line ?? '')?.[0]
    if (digest === undefined) throw new Error(`containerd has no ${reference} among:\n${listed}`)
    return digest
  }

  /** Forgets every image and, with them, all content. */
  async forgetImages(): Promise<void> {
    const names = (await this.run('images', 'ls', '--quiet')).split('\n').filter((name) => name !== '')
    if (names.length > 0) await this.run('images', 'rm', '--sync', ...names)
  }

  async dispose(): Promise<void> {
    await this.service.stop()
    await removeFolder(this.folder)
  }

  private get options(): RunOptions {
    return { env: { PATH: process.env['PATH'], HOME: this.folder }, timeoutMs: 60_000 }
  }
}
