import { bareMediaType } from '@entrepot/oci-model'

/**
 * Whether any of `mediaTypes` is acceptable: parameters and order mean nothing (protocol check list 78), and who sends no
 * Accept takes everything. RFC 9110 12.5.1.
 */
export function acceptsAny(accept: string | undefined, mediaTypes: readonly string[]): boolean {
  if (accept === undefined || accept.trim() === '') return true
  return accept
    .split(',')
    .map(bareMediaType)
    .some((type) => type === '*/*' || type === 'application/*' || mediaTypes.includes(type))
}
