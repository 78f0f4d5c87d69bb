import { RegistryError } from '@entrepot/kernel'
import { given } from '../http/given.js'
import type { OwnProfile } from './user-settings.js'

/**
 * What of a request's fields users may change of themselves.
 * @throws RegistryError DENIED naming the fields that are not theirs: nobody makes themselves an administrator
 */
export function ownProfileOf(
  fields: object,
  { email, password, oldPassword }: { [K in keyof OwnProfile]: OwnProfile[K] | undefined },
  own: ReadonlySet<string>,
): OwnProfile {
  const foreign = Object.entries(fields).filter(([name, value]) => value !== undefined && !own.has(name))
  if (foreign.length > 0) {
    const names = foreign.map(([name]) => name).join(', ')
    throw new RegistryError('DENIED', `only an administrator may change ${names}`)
  }
  return given<OwnProfile>({ email, password, oldPassword })
}
