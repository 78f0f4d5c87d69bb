import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { RegistryError, type SecretBox } from '@entrepot/kernel'
import type { MasterKey, MasterKeys } from './master-keys.js'

const algorithm = 'aes-256-gcm'
const nonceBytes = 12
const tagBytes = 16

/** Version, id of the key, then nonce, sealed text and tag together. */
const form = /^\$entrepot\$1\$(?<id>[0-9a-f]{8})\$(?<sealed>[A-Za-z0-9_-]+)$/

/** AES-256 in GCM (NIST SP 800-38D), a random nonce for each secret, the place as additional data. */
export class AesSecretBox implements SecretBox {
  readonly #keys: ReadonlyMap<string, MasterKey>
  readonly #current: MasterKey

  constructor(keys: MasterKeys) {
    this.#keys = new Map(keys.map((key) => [key.id, key]))
    this.#current = keys[0]
  }

  /** Of the key that seals. */
  get currentId(): string {
    return this.#current.id
  }

  seal(secret: string, place: string): string {
    const nonce = randomBytes(nonceBytes)
    const cipher = createCipheriv(algorithm, this.#current.sealing, nonce).setAAD(Buffer.from(place))
    const sealed = Buffer.concat([nonce, cipher.update(secret, 'utf8'), cipher.final(), cipher.getAuthTag()])
    return `$entrepot$1$${this.#current.id}$${sealed.toString('base64url')}`
  }

  open(stored: string, place: string): string {
    const { id, sealed } = form.exec(stored)?.groups ?? {}
    if (id === undefined || sealed === undefined) return stored
    const key = this.#keys.get(id)
    if (key === undefined) {
      throw new RegistryError(
        'UNAVAILABLE',
        `the secret ${place} was sealed with master key ${id}, and this server has ${this.ids}: give every replica the same keys`,
      )
    }
    return decrypt(key, Buffer.from(sealed, 'base64url'), place)
  }

  isCurrent(stored: string): boolean {
    return sealingKeyOf(stored) === this.#current.id
  }

  /** Whether what the key of this id has sealed can be opened. */
  has(keyId: string): boolean {
    return this.#keys.has(keyId)
  }

  private get ids(): string {
    return [...this.#keys.keys()].join(', ')
  }
}

/** @returns the id of the key that sealed the text; undefined when it is not sealed */
export function sealingKeyOf(stored: string): string | undefined {
  return form.exec(stored)?.groups?.['id']
}

function decrypt({ sealing }: MasterKey, sealed: Buffer, place: string): string {
  const tagAt = sealed.length - tagBytes
  try {
    const decipher = createDecipheriv(algorithm, sealing, sealed.subarray(0, nonceBytes), {
      authTagLength: tagBytes,
    })
    decipher.setAAD(Buffer.from(place)).setAuthTag(sealed.subarray(tagAt))
    return decipher.update(sealed.subarray(nonceBytes, tagAt), undefined, 'utf8') + decipher.final('utf8')
  } catch (error) {
    throw new RegistryError(
      'UNAVAILABLE',
      `the secret ${place} can not be opened: it was changed in the database, or belongs elsewhere. Put it there in clear, and the next start seals it`,
      { cause: error },
    )
  }
}
