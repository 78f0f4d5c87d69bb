import { RegistryError } from '@entrepot/kernel'

/**
 * UNAUTHORIZED for a bearer token that this registry never gave out: an attempt, and counted as one. Tokens that are over,
 * or say that they are, are none: clients show those until they are told, and nobody gets in with them. Who counts it writes it
 * down.
 */
export class ForgedToken extends RegistryError {
  constructor(message: string, cause?: unknown) {
    super('UNAUTHORIZED', message, { cause, isForAudit: false })
  }
}
