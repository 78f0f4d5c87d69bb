import { AsyncLocalStorage } from 'node:async_hooks'
import { subscribe } from 'node:diagnostics_channel'
import type { Socket } from 'node:net'
import { LdapMessageGuard } from './ldap-message-guard.js'

const owner = new AsyncLocalStorage<OwnedSockets>()

/**
 * The LDAP connections that a library opens while it works for one caller and that it gives no hold on: without one, those
 * to a server that hangs stay open, and a malformed answer ends the process.
 */
export class OwnedSockets {
  static {
    subscribe('net.client.socket', (message) => {
      owner.getStore()?.own((message as { readonly socket: Socket }).socket)
    })
  }

  readonly #sockets = new Set<Socket>()
  readonly #abort = new AbortController()

  /** Runs an action, and knows every plain connection opened by it and by what it has started. */
  run<T>(action: () => T): T {
    return owner.run(this, action)
  }

  /** For the options of TLS connections, which Node does not announce. */
  get signal(): AbortSignal {
    return this.#abort.signal
  }

  private own(socket: Socket): void {
    socket.on('error', () => undefined)
    // A socket that is announced is not connected yet, and connecting would bring a destroyed one back to life.
    if (this.#abort.signal.aborted) process.nextTick(() => socket.destroy())
    this.#sockets.add(socket)
    guard(socket)
    socket.once('close', () => this.#sockets.delete(socket))
  }

  closeAll(): void {
    this.#abort.abort()
    for (const socket of this.#sockets) socket.destroy()
  }
}

/** What the socket gives its listeners are whole, well-formed messages. */
function guard(socket: Socket): void {
  const guarding = new LdapMessageGuard()
  const emit = socket.emit.bind(socket) as (event: string | symbol, ...values: unknown[]) => boolean
  const emitGuarded = (event: string | symbol, ...values: unknown[]): boolean => {
    if (event !== 'data') return emit(event, ...values)
    try {
      for (const message of guarding.take(values[0] as Buffer)) emit('data', message)
    } catch (error) {
      socket.destroy(error as Error)
    }
    return true
  }
  socket.emit = emitGuarded
}
