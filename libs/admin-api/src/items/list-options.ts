import { RegistryError } from '@entrepot/kernel'
import { type Query, queryText } from '../http/cursor-page.js'
import { isOn } from '../http/query-switch.js'

export interface ListOptions {
  /** 1 for what is directly in the folder. */
  readonly depth: number
  readonly withFolders: boolean
}

/** @returns undefined when no list is asked for @throws RegistryError REQUEST_INVALID */
export function listOptionsOf(query: Query): ListOptions | undefined {
  if (!Object.hasOwn(query, 'list')) return undefined
  const depth = queryText(query, 'depth')
  const deep = isOn(query, 'deep')
  if (depth !== undefined && !/^[1-9]\d{0,3}$/.test(depth)) {
    throw new RegistryError(
      'REQUEST_INVALID',
      `depth is ${JSON.stringify(depth.slice(0, 100))}, expected a whole number from 1 to 9999`,
    )
  }
  return { depth: deep ? Number(depth ?? Infinity) : 1, withFolders: isOn(query, 'listFolders') }
}
