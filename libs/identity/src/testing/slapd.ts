import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, constants } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createConnection, createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { CertificateAuthority } from './certificate-authority.js'
import { foundation, groups, managerDn, rootDn, rootPassword, schema, suffix } from './slapd-seed.js'

const programs = {
  slapd: '/usr/sbin/slapd',
  slapadd: '/usr/sbin/slapadd',
  ldapmodify: '/usr/bin/ldapmodify',
  openssl: '/usr/bin/openssl',
} as const

/**
 * Whether a real slapd can be started. Where it can't, the tests that need it say so and are skipped; with CI=true that
 * is a failure.
 */
export function requireSlapd(): boolean {
  const missing = Object.values(programs).filter((path) => !isExecutable(path))
  if (missing.length === 0) return true
  const message = `not installed: ${missing.join(', ')} (.ci/packages.sh)`
  if (process.env['CI'] === 'true') throw new Error(`${message}, and CI=true asks for everything`)
  process.stderr.write(`SKIPPED, ${message}\n`)
  return false
}

export interface SlapdOptions {
  /** So many users `u00001` and groups `g00001` more, under `ou=bulk`. */
  readonly bulk?: number
  /** Without, StartTLS is refused and there is no ldaps. */
  readonly tls?: boolean
  /** Whether everybody may read without a login. */
  readonly anonymousReads?: boolean
}

/** Debian's OpenLDAP server with a small company in it, on free ports of 127.0.0.1, with an authority of its own. */
export class Slapd {
  private child: ChildProcess | undefined
  #log = ''

  private constructor(
    private readonly folder: string,
    private readonly options: SlapdOptions,
    private readonly authority: CertificateAuthority | undefined,
    readonly port: number,
    readonly tlsPort: number,
  ) {}

  static async start(options: SlapdOptions = {}): Promise<Slapd> {
    const folder = await mkdtemp(join(tmpdir(), 'slapd-'))
    const authority = options.tls === false ? undefined : await CertificateAuthority.create(folder)
    const slapd = new Slapd(folder, options, authority, await freePort(), await freePort())
    try {
      await slapd.prepare()
      await slapd.launch()
      await slapd.change(groups(), '-a')
    } catch (error) {
      await slapd.dispose()
      throw error
    }
    return slapd
  }

  get url(): string {
    return `ldap://127.0.0.1:${this.port}/${suffix}`
  }

  /** By the name that the certificate is for. */
  get namedUrl(): string {
    return `ldap://localhost:${this.port}/${suffix}`
  }

  get tlsUrl(): string {
    return `ldaps://localhost:${this.tlsPort}/${suffix}`
  }

  get caCertificates(): string {
    return this.authority?.certificate ?? ''
  }

  get pid(): number {
    return this.child?.pid ?? 0
  }

  /** A line for each connection and operation. */
  get log(): string {
    return this.#log
  }

  /** Connections that clients have not closed. */
  get openConnections(): number {
    const count = (pattern: RegExp) => [...this.#log.matchAll(pattern)].length
    return count(/ ACCEPT from /g) - count(/ fd=\d+ closed/g)
  }

  /** LDIF of changes, made as root. */
  async change(ldif: string, ...more: readonly string[]): Promise<void> {
    const uri = `ldap://127.0.0.1:${this.port}`
    await run(programs.ldapmodify, ['-x', '-H', uri, '-D', rootDn, '-w', rootPassword, ...more], ldif)
  }

  async launch(): Promise<void> {
    const listen = [`ldap://127.0.0.1:${this.port}/`]
    if (this.authority !== undefined) listen.push(`ldaps://127.0.0.1:${this.tlsPort}/`)
    const args = ['-f', join(this.folder, 'slapd.conf'), '-h', listen.join(' '), '-d', '256']
    const child = spawn(programs.slapd, args, { stdio: ['ignore', 'ignore', 'pipe'] })
    this.child = child
    running.add(child)
    child.once('exit', () => running.delete(child))
    child.stderr.on('data', (chunk: Buffer) => (this.#log += chunk.toString('utf8')))
    for (let waited = 0; !(await accepts(this.port)); waited += 20) {
      if (child.exitCode !== null || waited > 20_000)
        throw new Error(`slapd does not start:\n${this.#log.slice(-3000)}`)
      await delay(20)
    }
  }

  async stop(): Promise<void> {
    await this.end('SIGTERM')
  }

  async kill(): Promise<void> {
    await this.end('SIGKILL')
  }

  async dispose(): Promise<void> {
    await this.kill()
    await rm(this.folder, { recursive: true, force: true })
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    const { child } = this
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    child.kill(signal)
    await gone
  }

  private async prepare(): Promise<void> {
    const { folder, authority } = this
    await mkdir(join(folder, 'db'))
    await writeFile(join(folder, 'ad.schema'), schema)
    const issued = await authority?.issue('localhost')
    const tls =
      authority === undefined || issued === undefined
        ? []
        : [
            `TLSCACertificateFile ${authority.path}`,
            `TLSCertificateFile ${issued.certificate}`,
            `TLSCertificateKeyFile ${issued.key}`,
          ]
    await writeFile(
      join(folder, 'slapd.conf'),
      configuration(folder, tls, this.options.anonymousReads === true),
    )
    await writeFile(join(folder, 'seed.ldif'), foundation(this.options.bulk ?? 0))
    await run(programs.slapadd, ['-q', '-f', join(folder, 'slapd.conf'), '-l', join(folder, 'seed.ldif')])
  }
}

const running = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** `allow bind_anon_cred` imitates Active Directory, which takes a bind without a password for one as nobody. */
function configuration(folder: string, tls: readonly string[], anonymousReads: boolean): string {
  const schemas = ['core', 'cosine', 'inetorgperson', 'nis'].map(
    (name) => `include /etc/ldap/schema/${name}.schema`,
  )
  return [
    ...schemas,
    `include ${join(folder, 'ad.schema')}`,
    'modulepath /usr/lib/ldap',
    'moduleload back_mdb',
    'moduleload memberof',
    'moduleload ppolicy',
    `pidfile ${join(folder, 'slapd.pid')}`,
    `argsfile ${join(folder, 'slapd.args')}`,
    ...tls,
    'allow bind_anon_cred bind_anon_dn',
    'database mdb',
    'maxsize 536870912',
    'dbnosync',
    `suffix "${suffix}"`,
    `rootdn "${rootDn}"`,
    `rootpw ${rootPassword}`,
    `directory ${join(folder, 'db')}`,
    'index objectClass,uid,cn,member,uniqueMember,memberUid,sAMAccountName,userPrincipalName eq',
    `limits dn.exact="${managerDn}" size.soft=500 size.hard=500 size.pr=1000 size.prtotal=unlimited`,
    'overlay memberof',
    'memberof-refint TRUE',
    'overlay ppolicy',
    'access to attrs=userPassword by anonymous auth by self write by * none',
    `access to dn.subtree="ou=blind,${suffix}" by * none`,
    `access to * by users read by anonymous ${anonymousReads ? 'read' : 'auth'}`,
    '',
  ].join('\n')
}

function run(command: string, args: readonly string[], input?: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = execFile(command, args, { maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
      if (error === null) resolve()
      else reject(new Error(`${command} failed:\n${stdout.slice(-1000)}\n${stderr.slice(-3000)}`))
    })
    child.stdin?.end(input)
  })
}

async function freePort(): Promise<number> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  return port
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ host: '127.0.0.1', port })
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
