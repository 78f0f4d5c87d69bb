import type { Logger } from '@entrepot/kernel'
import { Redis, type RedisOptions } from 'ioredis'
import type { Broadcast, BroadcastListener } from '../broadcast.js'
import { decodeBroadcast, encodeBroadcast } from '../broadcast-message.js'
import { reconnectDelay } from '../reconnect-delay.js'
import { Subscriptions } from '../subscriptions.js'

const redisChannel = 'entrepot:broadcast'

/** A publisher must not hold up the request that publishes: it fails within half a second. */
const publisherOptions = {
  lazyConnect: true,
  enableOfflineQueue: false,
  maxRetriesPerRequest: 1,
  commandTimeout: 500,
  connectTimeout: 1_000,
} satisfies RedisOptions

/** A subscriber waits for Redis as long as it takes, and subscribes again by itself. */
const subscriberOptions = {
  lazyConnect: true,
  enableOfflineQueue: true,
  maxRetriesPerRequest: null,
  connectTimeout: 1_000,
} satisfies RedisOptions

/** Publish and subscribe through Redis; without Redis hints are lost and nothing else. */
export class RedisBroadcast implements Broadcast {
  readonly #subscriptions: Subscriptions
  readonly #publisher: Redis
  readonly #subscriber: Redis
  #closed = false

  /** @param url `redis://` or `rediss://`, credentials included */
  constructor(
    url: string,
    private readonly logger: Logger,
    random: () => number = Math.random,
  ) {
    this.#subscriptions = new Subscriptions(logger)
    const retryStrategy = (times: number) => reconnectDelay(times, random)
    this.#publisher = new Redis(url, { ...publisherOptions, retryStrategy })
    this.#subscriber = new Redis(url, { ...subscriberOptions, retryStrategy })
    this.warnOfOutages(this.#publisher, 'publisher')
    this.warnOfOutages(this.#subscriber, 'subscriber')
    this.#subscriber.on('message', (_channel: string, payload: string) => {
      const decoded = decodeBroadcast(payload)
      if (decoded !== undefined) this.#subscriptions.deliver(decoded)
    })
  }

  /** Connects; when that fails, warns and keeps trying. */
  async start(): Promise<void> {
    const connected = await Promise.allSettled([this.#publisher.connect(), this.#subscriber.connect()])
    const subscribed = this.#subscriber.subscribe(redisChannel)
    if (connected.every(({ status }) => status === 'fulfilled')) {
      await subscribed
    } else {
      subscribed.catch((error: unknown) => {
        if (!this.#closed) this.logger.warn({ err: error }, 'broadcast could not subscribe to Redis')
      })
    }
  }

  /** @throws within half a second while Redis can't be reached */
  async publish(channel: string, message: string): Promise<void> {
    await this.#publisher.publish(redisChannel, encodeBroadcast({ channel, message }))
  }

  subscribe(channel: string, listener: BroadcastListener): () => void {
    return this.#subscriptions.add(channel, listener)
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#subscriptions.clear()
    this.#publisher.disconnect()
    this.#subscriber.disconnect()
  }

  /** Once per outage: ioredis reports every attempt. */
  private warnOfOutages(redis: Redis, role: string): void {
    let down = false
    redis.on('error', (error: unknown) => {
      if (!down) this.logger.warn({ err: error, role }, 'broadcast lost Redis and connects again')
      down = true
    })
    redis.on('ready', () => {
      if (down) this.logger.info({ role }, 'broadcast is connected to Redis again')
      down = false
    })
  }
}
