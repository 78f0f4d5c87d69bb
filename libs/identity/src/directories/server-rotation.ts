import type { Clock } from '@entrepot/kernel'
import type { DirectoryServer } from './directory-server.js'

/** So long a server that failed is asked after the others only; then one caller tries it first again. */
const coolDownMilliseconds = 30_000

/** In which order the servers of a directory are tried. */
export class ServerRotation {
  readonly #coolsUntil = new Map<DirectoryServer, number>()

  constructor(
    readonly servers: readonly DirectoryServer[],
    private readonly clock: Clock,
  ) {}

  /** The configured order, but those that failed of late come last: a dead first server costs one login its time. */
  order(): readonly DirectoryServer[] {
    const now = this.clock.now()
    const cools = (server: DirectoryServer) => (this.#coolsUntil.get(server) ?? -Infinity) > now
    for (const server of this.servers) {
      // Whoever comes first after the time tries it; till that has an answer it is last for everybody else.
      if (this.#coolsUntil.has(server) && !cools(server)) {
        const order = [...this.servers.filter((one) => !cools(one)), ...this.servers.filter(cools)]
        this.#coolsUntil.set(server, now + coolDownMilliseconds)
        return order
      }
    }
    return [...this.servers.filter((server) => !cools(server)), ...this.servers.filter(cools)]
  }

  failed(server: DirectoryServer): void {
    this.#coolsUntil.set(server, this.clock.now() + coolDownMilliseconds)
  }

  answered(server: DirectoryServer): void {
    this.#coolsUntil.delete(server)
  }
}
