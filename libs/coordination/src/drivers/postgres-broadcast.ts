import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from '@entrepot/kernel'
import { Client, type ClientConfig } from 'pg'
import type { Broadcast, BroadcastListener } from '../broadcast.js'
import { decodeBroadcast, encodeBroadcast } from '../broadcast-message.js'
import { reconnectDelay } from '../reconnect-delay.js'
import { Subscriptions } from '../subscriptions.js'

const notifyChannel = 'entrepot_broadcast'

/**
 * LISTEN and NOTIFY on a connection of its own, since listening binds a session and a pool's connections come and go.
 * A lost connection is taken up again; what was said meanwhile is lost, as the port allows.
 */
export class PostgresBroadcast implements Broadcast {
  readonly #subscriptions: Subscriptions
  readonly #closing = new AbortController()
  #client: Client | undefined
  #reconnecting: Promise<void> | undefined

  /** @param connection as for any client of `pg`; a pooler in transaction mode can't listen */
  constructor(
    private readonly connection: ClientConfig,
    private readonly logger: Logger,
    private readonly random: () => number = Math.random,
  ) {
    this.#subscriptions = new Subscriptions(logger)
  }

  /** Connects; when that fails, warns and keeps trying. */
  async start(): Promise<void> {
    try {
      await this.connect()
    } catch (error) {
      this.lost(undefined, error)
    }
  }

  /** @throws while the database can't be reached */
  async publish(channel: string, message: string): Promise<void> {
    const payload = encodeBroadcast({ channel, message })
    if (this.#client === undefined) throw new Error('the broadcast has no connection to the database')
    await this.#client.query('SELECT pg_notify($1, $2)', [notifyChannel, payload])
  }

  subscribe(channel: string, listener: BroadcastListener): () => void {
    return this.#subscriptions.add(channel, listener)
  }

  async close(): Promise<void> {
    this.#closing.abort()
    this.#subscriptions.clear()
    const client = this.#client
    this.#client = undefined
    await this.#reconnecting
    await client?.end()
  }

  private async connect(): Promise<void> {
    const client = new Client({ keepAlive: true, connectionTimeoutMillis: 3_000, ...this.connection })
    client.on('notification', ({ payload = '' }) => {
      const decoded = decodeBroadcast(payload)
      if (decoded !== undefined) this.#subscriptions.deliver(decoded)
    })
    client.on('error', (error) => this.lost(client, error))
    client.on('end', () => this.lost(client, new Error('the connection was closed')))
    try {
      await client.connect()
      await client.query(`LISTEN ${notifyChannel}`)
    } catch (error) {
      await client.end().catch((endError: unknown) => {
        this.logger.debug({ err: endError }, 'a connection that never listened did not close cleanly')
      })
      throw error
    }
    if (this.#closing.signal.aborted) await client.end()
    else this.#client = client
  }

  /** @param client whose connection ended, undefined when none was made: an old one's late news changes nothing */
  private lost(client: Client | undefined, reason: unknown): void {
    if (client !== this.#client || this.#closing.signal.aborted || this.#reconnecting !== undefined) return
    this.#client = undefined
    this.logger.warn({ err: reason }, 'broadcast lost the database and connects again')
    this.#reconnecting = this.reconnect().finally(() => (this.#reconnecting = undefined))
  }

  private async reconnect(): Promise<void> {
    const { signal } = this.#closing
    for (let failures = 0; !signal.aborted; failures += 1) {
      try {
        await delay(reconnectDelay(failures, this.random), undefined, { signal, ref: false })
        await this.connect()
        this.logger.info({ failures }, 'broadcast is connected again')
        return
      } catch (error) {
        if (!signal.aborted) this.logger.debug({ err: error, failures }, 'broadcast could not connect')
      }
    }
  }
}
