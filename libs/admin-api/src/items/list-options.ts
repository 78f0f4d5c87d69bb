import { RegistryError } from '@entrepot/kernel'
import { type Query, queryText } from '../http/cursor-page.js'

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

/** Artifactory's switches are 1 and 0. */
export function isOn(query: Query, name: string): boolean {
  const text = queryText(query, name)
  if (text === undefined || text === '0' || text === 'false') return false
  if (text === '1' || text === 'true') return true
  throw new RegistryError(
    'REQUEST_INVALID',
    `${name} is ${JSON.stringify(text.slice(0, 100))}, expected 1 or 0`,
  )
}
