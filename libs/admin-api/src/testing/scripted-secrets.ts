import type { FoundSecret, SecretReference, SecretSource } from '../configuration/secret-source.js'

/** Variables and files that a test sets. */
export class ScriptedSecrets implements SecretSource {
  readonly texts = new Map<string, string>()

  async read(reference: SecretReference): Promise<FoundSecret> {
    const name = 'env' in reference ? reference.env : reference.file
    if (name.startsWith('FORBIDDEN')) return { kind: 'refused', reason: 'it is forbidden' }
    const text = this.texts.get(name)
    return text === undefined ? { kind: 'absent' } : { kind: 'text', text }
  }
}
