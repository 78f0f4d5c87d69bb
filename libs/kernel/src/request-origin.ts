import type { IncomingMessage } from 'node:http'

/** Where a request came from, for whoever counts failures or writes down who did what. */
export interface RequestOrigin {
  /** The client's IP address: behind trusted proxies the real one. */
  readonly address: string
  readonly requestId: string
}

/** Finds the client's address: that of the connection, or what trusted proxies say. */
export type ClientAddressOf = (request: IncomingMessage) => string
