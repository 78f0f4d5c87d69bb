import type { Answer } from '../../support/registry-client.js'
import type { GrantCase, Kind, Outcome, Rights } from './grants.js'
import type { Visitor } from './visitor.js'
import type { CaseContent, World } from './world.js'

/** One request to be sent: by whom, into which repository, about which case's images. */
export interface Cell {
  readonly world: World
  readonly visitor: Visitor
  readonly grant: GrantCase
  /** Of the repository in the path. */
  readonly key: string
  /** Stands before the names of images: empty, but for something that is not there. */
  readonly prefix: string
  readonly content: CaseContent
  readonly outcome: Outcome
  readonly isReading: boolean
  /** Whether nothing was shown, or a token for anonymous. */
  readonly isNobody: boolean
}

/** What is asked of a route, and what has to come of it. */
export interface RegistryRow {
  /** `GET manifest`, as the server's table names it. */
  readonly route: string
  readonly what: string
  /** Through which kinds of repository the item can be reached. */
  readonly kinds: readonly Kind[]
  readonly expect: (rights: Rights) => Outcome
  readonly send: (cell: Cell) => Promise<Answer>
  /** Throws when an answer of success isn't the right one. */
  readonly check?: (answer: Answer, cell: Cell) => void
}

export type Leaf = 'app' | 'far' | 'in'

export function nameIn({ key, prefix, grant }: Cell, leaf: Leaf): string {
  return `${key}/${grant.name}/${prefix}${leaf}`
}

export function at(cell: Cell, leaf: Leaf, rest: string): string {
  return `/v2/${nameIn(cell, leaf)}/${rest}`
}
