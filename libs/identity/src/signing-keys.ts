import {
  createPrivateKey,
  createPublicKey,
  generateKeyPair,
  type JsonWebKey,
  type KeyObject,
} from 'node:crypto'
import { promisify } from 'node:util'
import { type Broadcast, Replicated } from '@entrepot/coordination'
import type { Clock, Logger } from '@entrepot/kernel'
import { type RandomSource, systemRandom } from './random-source.js'
import type { SigningKeyStore, StoredSigningKey } from './signing-key-store.js'

export interface SigningKey {
  readonly id: string
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
  readonly createdAt: Date
}

/** RFC 7517. */
export interface PublicKeySet {
  readonly keys: readonly JsonWebKey[]
}

/** What connects a replica's keys to those of the others. */
export interface SigningKeyRuntime {
  readonly broadcast: Broadcast
  readonly logger: Logger
  readonly clock: Clock
}

export interface SigningKeySettings {
  /** How long one key signs. */
  readonly rotationSeconds: number
}

const defaultSettings: SigningKeySettings = { rotationSeconds: 30 * 24 * 60 * 60 }

/** No token may live longer, or its key would be gone before it. */
export const maximumTokenLifetimeSeconds = 60 * 60

/** How long a key is kept after another took its place: all tokens of its and some time for clocks to differ. */
const keptMilliseconds = (maximumTokenLifetimeSeconds + 10 * 60) * 1000

/** Every replica knows a key before the first token is signed with it: they look once a second. */
const noticeMilliseconds = 5000

/** For tokens whose key is unknown here. */
const searchPeriodMilliseconds = 1000

/**
 * The keys of this installation's tokens: the first one is made when it is first needed, and another one in time. Old ones
 * are kept until their last token has expired.
 */
export class SigningKeys {
  readonly #keys: Replicated<readonly SigningKey[]>
  #searchedAt = -Infinity

  constructor(
    private readonly store: SigningKeyStore,
    private readonly runtime: SigningKeyRuntime,
    private readonly settings: SigningKeySettings = defaultSettings,
    private readonly random: RandomSource = systemRandom,
  ) {
    const load = (current: readonly SigningKey[]) => this.load(current)
    this.#keys = new Replicated<readonly SigningKey[]>(
      { name: 'signing-keys', initial: [], load },
      runtime.broadcast,
      runtime.logger,
    )
  }

  /** Follows the other replicas, and replaces the key when it is old, until `stop`. */
  start(): Promise<void> {
    return this.#keys.start()
  }

  stop(): void {
    this.#keys.stop()
  }

  /** The key that new tokens are signed with. */
  async current(): Promise<SigningKey> {
    const keys = await this.all()
    const known = this.runtime.clock.now() - noticeMilliseconds
    const key = keys.find(({ createdAt }) => createdAt.getTime() <= known) ?? keys.at(-1)
    if (key === undefined) throw new Error('the store of signing keys kept none')
    return key
  }

  /** Looks again when there is none, at most once a second: anybody can send any id. */
  async find(id: string): Promise<SigningKey | undefined> {
    const named = (key: SigningKey) => key.id === id
    const key = (await this.all()).find(named)
    if (key !== undefined || this.runtime.clock.now() - this.#searchedAt < searchPeriodMilliseconds)
      return key
    this.#searchedAt = this.runtime.clock.now()
    await this.#keys.reload()
    return this.#keys.current.find(named)
  }

  /** A new key in place of the current one, within seconds; tokens that were signed with that stay valid. @returns its id */
  async rotate(): Promise<string> {
    const key = await this.generate()
    await this.store.addAsNewest(key)
    await this.#keys.changed(key.id)
    return key.id
  }

  /** What others need to verify our tokens. */
  async publicKeys(): Promise<PublicKeySet> {
    const keys = await this.all()
    return {
      keys: keys.map(({ id, publicKey }) => ({
        ...publicKey.export({ format: 'jwk' }),
        kid: id,
        alg: 'ES256',
        use: 'sig',
      })),
    }
  }

  private async all(): Promise<readonly SigningKey[]> {
    if (this.#keys.current.length === 0) await this.#keys.reload()
    return this.#keys.current
  }

  private async load(current: readonly SigningKey[]): Promise<readonly SigningKey[]> {
    const stored = await this.withoutExpired(await this.withFreshKey(await this.store.list()))
    if (stored.length === current.length && stored.every(({ id }, index) => id === current[index]?.id)) {
      return current
    }
    return stored.map((key) => {
      const privateKey = createPrivateKey(key.privateKeyPem)
      return { id: key.id, privateKey, publicKey: createPublicKey(privateKey), createdAt: key.createdAt }
    })
  }

  private async withFreshKey(stored: readonly StoredSigningKey[]): Promise<readonly StoredSigningKey[]> {
    const since = this.runtime.clock.now() - this.settings.rotationSeconds * 1000
    if (stored[0] !== undefined && stored[0].createdAt.getTime() > since) return stored
    return this.store.addUnlessNewer(await this.generate(), new Date(since))
  }

  private async withoutExpired(stored: readonly StoredSigningKey[]): Promise<readonly StoredSigningKey[]> {
    const now = this.runtime.clock.now()
    const isKept = (_key: StoredSigningKey, index: number) => {
      const successor = stored[index - 1]
      return successor === undefined || now - successor.createdAt.getTime() < keptMilliseconds
    }
    const kept = stored.filter(isKept)
    if (kept.length < stored.length) {
      await this.store.delete(stored.filter((key) => !kept.includes(key)).map(({ id }) => id))
    }
    return kept
  }

  private async generate(): Promise<StoredSigningKey> {
    const { privateKey } = await promisify(generateKeyPair)('ec', { namedCurve: 'P-256' })
    return {
      id: this.random(16).toString('base64url'),
      algorithm: 'ES256',
      privateKeyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      createdAt: new Date(this.runtime.clock.now()),
    }
  }
}
