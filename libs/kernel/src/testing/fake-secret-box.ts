import { RegistryError } from '../registry-error.js'
import type { SecretBox } from '../secret-box.js'

const mark = 'sealed'

/** Seals without a key: what is stored is not what was given, and anybody can open it. */
export class FakeSecretBox implements SecretBox {
  #sealed = 0

  seal(secret: string, place: string): string {
    this.#sealed += 1
    return [mark, this.#sealed, place, Buffer.from(secret).toString('base64')].join(' ')
  }

  open(stored: string, place: string): string {
    if (!this.isCurrent(stored)) return stored
    const [, , sealedFor, secret] = stored.split(' ')
    if (sealedFor !== place || secret === undefined) throw new RegistryError('UNAVAILABLE', `not of ${place}`)
    return Buffer.from(secret, 'base64').toString()
  }

  isCurrent(stored: string): boolean {
    return stored.startsWith(`${mark} `)
  }
}
