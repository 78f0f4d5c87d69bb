import { SegmentPattern } from '@entrepot/kernel'

/** What Artifactory's clients name this service by, in the audiences, subjects and scopes of tokens. */
export const serviceId = 'jfrt@entrepot'

/** Every service. */
export const anyAudience = '*@*'

/**
 * Whether a token is meant for this service, among others perhaps.
 * @param audience ids of services with white space or commas between them, `*` for any part: `jfrt@* jfxr@*`
 */
export function isMeantForHere(audience: string): boolean {
  const services = audience.split(/[\s,]+/).filter((service) => service !== '')
  return services.some((service) => new SegmentPattern(service).matches(serviceId))
}
