import { lookup } from 'node:dns'
import type { LookupFunction } from 'node:net'
import { classifyAddress, type AddressClass } from './address-class.js'

/** The network as the address guard sees it. */
export interface Network {
  readonly lookup: LookupFunction
  classify(address: string): AddressClass
}

export const systemNetwork: Network = { lookup, classify: classifyAddress }
