import { AsyncLocalStorage } from 'node:async_hooks'
import { subscribe } from 'node:diagnostics_channel'
import type { Socket } from 'node:net'

const owner = new AsyncLocalStorage<OwnedSockets>()

subscribe('net.client.socket', (message) => {
  owner.getStore()?.own((message as { readonly socket: Socket }).socket)
})

/**
 * The connections that a library opens while it works for one caller and that it gives no hold on: without one, those to
 * a server that hangs stay open.
 */
export class OwnedSockets {
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

  own(socket: Socket): void {
    if (this.#abort.signal.aborted) {
      socket.on('error', () => undefined).destroy()
      return
    }
    this.#sockets.add(socket)
    socket.once('close', () => this.#sockets.delete(socket))
  }

  closeAll(): void {
    this.#abort.abort()
    for (const socket of this.#sockets) socket.on('error', () => undefined).destroy()
  }
}
