import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A socket's path has to fit into 104 bytes on macOS and 108 on Linux, the closing NUL included. unix(7). */
const maximumPathBytes = 99

/** The file name is PostgreSQL's: it is derived from the port. */
export const socketPort = 5432

/** Where PostgreSQL listens. Whoever can enter the folder is let in without a password, so only our user can. */
export class SocketFolder {
  private constructor(
    readonly path: string,
    private readonly temporary: boolean,
  ) {}

  /** `preferred`, or a folder for temporary files where its path is too long for a socket. */
  static create(preferred: string): SocketFolder {
    const temporary = Buffer.byteLength(join(preferred, `.s.PGSQL.${socketPort}`)) > maximumPathBytes
    if (temporary) return new SocketFolder(mkdtempSync(join(tmpdir(), 'entrepot-pg-')), true)
    mkdirSync(preferred, { recursive: true, mode: 0o700 })
    chmodSync(preferred, 0o700)
    return new SocketFolder(preferred, false)
  }

  remove(): void {
    if (this.temporary) rmSync(this.path, { recursive: true, force: true })
  }
}
