import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { LdapMessageGuard } from './ldap-message-guard.js'

/** A connection that is open and secured, whose answers are well-formed: all that an LDAP client gets hold of. */
export class GuardedStream extends Duplex {
  /** As a socket says it. */
  readonly connecting = false
  readonly readyState = 'open'
  /** Why it was closed, when it was closed here. */
  failure: Error | undefined
  readonly #guard = new LdapMessageGuard()

  constructor(private readonly socket: Socket) {
    super()
    socket.on('data', (chunk: Buffer) => this.pass(chunk))
    socket.on('end', () => this.push(null))
    socket.on('error', (error) => this.fail(error)).on('close', () => this.destroy())
  }

  override _read(): void {
    this.socket.resume()
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    this.socket.write(chunk, () => callback())
  }

  override _final(callback: (error?: Error | null) => void): void {
    this.socket.end(() => callback())
  }

  override _destroy(_error: Error | null, callback: (error?: Error | null) => void): void {
    this.socket.destroy()
    callback()
  }

  private pass(chunk: Buffer): void {
    try {
      for (const message of this.#guard.take(chunk)) if (!this.push(message)) this.socket.pause()
    } catch (error) {
      this.fail(error as Error)
    }
  }

  private fail(error: Error): void {
    this.failure ??= error
    this.destroy()
  }
}
