import { isIP } from 'node:net'
import type { AddressClass } from './address-class.js'

/** RFC 6761, RFC 6762, RFC 8375, and what ICANN keeps for private use. */
const insideNames = /(?:^|\.)(?:internal|local|localdomain|home\.arpa|lan|intranet|corp|home|private)$/

/** Where clouds keep their metadata services, by name. */
const metadataNames = new Set([
  'metadata',
  'metadata.google.internal',
  'instance-data',
  'instance-data.ec2.internal',
])

/**
 * What kind of place a host is as far as its name tells, for where the name is resolved by somebody else: an address by
 * itself, names that no public DNS has by their ending.
 * @param hostname without brackets
 */
export function hostClass(hostname: string, classify: (address: string) => AddressClass): AddressClass {
  if (isIP(hostname) !== 0) return classify(hostname)
  const name = hostname.toLowerCase().replace(/\.$/, '')
  if (name === 'localhost' || name.endsWith('.localhost')) return 'loopback'
  if (metadataNames.has(name)) return 'link-local'
  return insideNames.test(name) || !name.includes('.') ? 'private' : 'public'
}

/** Whether what is typed to be at `home` may lead to `target`: outside, and not further inside than it is itself. */
export function mayLeadTo(target: AddressClass, home: AddressClass | undefined): boolean {
  if (target === 'public') return true
  if (home === undefined || home === 'public') return false
  return target === home || target === 'private'
}
