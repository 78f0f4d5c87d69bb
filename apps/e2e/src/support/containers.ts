import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { program } from './parts.js'
import { fail, succeed, type RunOptions } from './processes.js'
import { removeFolder, temporaryFolder } from './workplace.js'

type Tool = 'podman' | 'skopeo' | 'buildah'

/**
 * podman, skopeo and buildah with storage, credentials and settings in one temporary folder. Layers are copied
 * (vfs), builds need no namespaces (`--isolation chroot`), and the registries named here may be plain http.
 */
export class Containers {
  private constructor(
    readonly folder: string,
    private readonly env: NodeJS.ProcessEnv,
  ) {}

  static async create(...registries: readonly string[]): Promise<Containers> {
    const folder = await temporaryFolder('containers')
    // Of these tools only some read a variable that names registries.conf; all read the one in the home folder.
    const settings = join(folder, '.config', 'containers')
    await mkdir(settings, { recursive: true })
    await mkdir(join(folder, 'run'))
    const storage = join(folder, 'storage.conf')
    await writeFile(
      storage,
      `[storage]\ndriver = "vfs"\nrunroot = "${join(folder, 'run')}"\ngraphroot = "${join(folder, 'graph')}"\n`,
    )
    const entries = registries.map((location) => `[[registry]]\nlocation = "${location}"\ninsecure = true\n`)
    await writeFile(
      join(settings, 'registries.conf'),
      `unqualified-search-registries = []\n${entries.join('')}`,
    )
    await writeFile(join(settings, 'policy.json'), '{"default":[{"type":"insecureAcceptAnything"}]}')
    await writeFile(join(folder, 'auth.json'), '{}')
    return new Containers(folder, {
      PATH: process.env['PATH'],
      HOME: folder,
      XDG_RUNTIME_DIR: join(folder, 'run'),
      TMPDIR: folder,
      CONTAINERS_STORAGE_CONF: storage,
      CONTAINERS_REGISTRIES_CONF: join(settings, 'registries.conf'),
      REGISTRY_AUTH_FILE: join(folder, 'auth.json'),
      BUILDAH_ISOLATION: 'chroot',
    })
  }

  async run(tool: Tool, ...args: readonly string[]): Promise<string> {
    return succeed(program(tool), args, this.options)
  }

  /** Runs a command that must fail, and gives what it said. */
  async fails(tool: Tool, ...args: readonly string[]): Promise<string> {
    return fail(program(tool), args, this.options)
  }

  async login(tool: Tool, host: string, user: string, password: string): Promise<string> {
    const args = ['login', '--username', user, '--password-stdin', host]
    return succeed(program(tool), args, { ...this.options, input: password })
  }

  async loginFails(tool: Tool, host: string, user: string, password: string): Promise<string> {
    const args = ['login', '--username', user, '--password-stdin', host]
    return fail(program(tool), args, { ...this.options, input: password })
  }

  /** The digest a registry has under a reference, as skopeo computes it from the manifest. */
  async digestOf(reference: string): Promise<string> {
    const said = await this.run('skopeo', 'inspect', '--format', '{{.Digest}}', `docker://${reference}`)
    return said.trim()
  }

  async dispose(): Promise<void> {
    await removeFolder(this.folder)
  }

  private get options(): RunOptions {
    return { env: this.env, cwd: this.folder, timeoutMs: 60_000 }
  }
}
