import { createPrivateKey, createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto'
import { promisify } from 'node:util'
import type { Clock } from '@entrepot/kernel'
import { type RandomSource, systemRandom } from './random-source.js'
import type { SigningKeyStore, StoredSigningKey } from './signing-key-store.js'

export interface SigningKey {
  readonly id: string
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
}

/** The keys of this installation's tokens; the first one is made when it is first needed. */
export class SigningKeys {
  #keys: Promise<readonly SigningKey[]> | undefined

  constructor(
    private readonly store: SigningKeyStore,
    private readonly clock: Clock,
    private readonly random: RandomSource = systemRandom,
  ) {}

  /** The key that new tokens are signed with. */
  async current(): Promise<SigningKey> {
    const [newest] = await this.all()
    if (newest === undefined) throw new Error('the store of signing keys kept none')
    return newest
  }

  async find(id: string): Promise<SigningKey | undefined> {
    return (await this.all()).find((key) => key.id === id)
  }

  private all(): Promise<readonly SigningKey[]> {
    this.#keys ??= this.load().catch((error: unknown) => {
      this.#keys = undefined
      throw error
    })
    return this.#keys
  }

  private async load(): Promise<readonly SigningKey[]> {
    const stored = await this.store.list()
    const keys = stored.length > 0 ? stored : await this.store.addIfNone(await this.generate())
    return keys.map((key) => {
      const privateKey = createPrivateKey(key.privateKeyPem)
      return { id: key.id, privateKey, publicKey: createPublicKey(privateKey) }
    })
  }

  private async generate(): Promise<StoredSigningKey> {
    const { privateKey } = await promisify(generateKeyPair)('ec', { namedCurve: 'P-256' })
    return {
      id: this.random(16).toString('base64url'),
      algorithm: 'ES256',
      privateKeyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      createdAt: new Date(this.clock.now()),
    }
  }
}
