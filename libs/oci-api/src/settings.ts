import type { IncomingMessage } from 'node:http'

/** How the registry API is reached and how patient it is. */
export interface RegistryApiSettings {
  /** The URL that clients use, such as `https://registry.example`; undefined to believe each request's Host. */
  readonly publicUrl?: string | undefined
  /** The repository of clients that can't send a key, such as a Docker daemon's `registry-mirrors`. */
  readonly defaultRepository?: string | undefined
  /** Whether a request comes from a proxy of ours; else anybody could have written its X-Forwarded-*. */
  readonly isFromProxy: (request: IncomingMessage) => boolean
  /** The `service` of challenges and tokens: one constant, whatever the repository. */
  readonly service: string
  /** How long a client may neither send nor take a byte. */
  readonly stallTimeoutMilliseconds: number
  /** The most memory that all downloads together take for their buffers. */
  readonly transferMemoryBytes: number
}

export const defaultRegistryApiSettings: RegistryApiSettings = {
  isFromProxy: () => false,
  service: 'entrepot',
  stallTimeoutMilliseconds: 5 * 60_000,
  transferMemoryBytes: 64 * 1024 * 1024,
}
