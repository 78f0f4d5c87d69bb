import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** An authority of the tests' own, made with openssl in a folder of theirs. */
export class CertificateAuthority {
  private constructor(
    private readonly folder: string,
    /** In PEM. */
    readonly certificate: string,
  ) {}

  static async create(folder: string): Promise<CertificateAuthority> {
    const [key, certificate] = [join(folder, 'ca.key'), join(folder, 'ca.crt')]
    await run('openssl', [
      'req',
      '-x509',
      ...newKey(key),
      '-subj',
      '/CN=test authority',
      '-days',
      '7',
      '-out',
      certificate,
    ])
    return new CertificateAuthority(folder, await readFile(certificate, 'utf8'))
  }

  /** @returns the paths of a certificate for the host and of its key */
  async issue(host: string) {
    const path = (ending: string) => join(this.folder, `${host}.${ending}`)
    await run('openssl', ['req', ...newKey(path('key')), '-subj', `/CN=${host}`, '-out', path('csr')])
    await writeFile(path('ext'), `subjectAltName=DNS:${host}\n`)
    const authority = [
      '-CA',
      join(this.folder, 'ca.crt'),
      '-CAkey',
      join(this.folder, 'ca.key'),
      '-CAcreateserial',
    ]
    const names = ['-in', path('csr'), '-extfile', path('ext'), '-out', path('crt')]
    await run('openssl', ['x509', '-req', '-days', '7', ...authority, ...names])
    return { certificate: path('crt'), key: path('key') }
  }

  get path(): string {
    return join(this.folder, 'ca.crt')
  }
}

function newKey(path: string): readonly string[] {
  return ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', path]
}
