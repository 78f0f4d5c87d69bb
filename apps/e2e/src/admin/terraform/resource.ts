import { isDeepStrictEqual } from 'node:util'
import type { AdminClient, Call, Json } from '../../support/admin-client.js'

/** What Terraform keeps of a resource: its attributes. */
export type State = Readonly<Record<string, unknown>>

/** One `apply`: what it sends, and what the configuration then says. */
export interface Step {
  readonly calls: readonly Call[]
  readonly planned: State
}

/** A resource of a Terraform provider, as its requests. */
export interface Resource {
  /** Its type, and what is special about this configuration of it. */
  readonly name: string
  /** What has to be there before. */
  readonly given?: readonly Call[]
  /** The first creates it, the others change it. */
  readonly steps: readonly Step[]
  readonly read: string
  /** What the provider makes of the answer to `read`. */
  readonly state: (shown: Json) => State
  readonly destroy: Call
  /** Answers to `read` by which the provider knows that it is gone; none: it reads what is there always. */
  readonly gone: readonly number[]
  /** What is put away afterwards. */
  readonly after?: readonly Call[]
}

/** The attributes that a `plan` would change; nothing when the server shows what the configuration says. */
export function drift(
  planned: State,
  shown: State,
): Readonly<Record<string, { planned: unknown; shown: unknown }>> {
  const attributes = [...new Set([...Object.keys(planned), ...Object.keys(shown)])]
  return Object.fromEntries(
    attributes
      .filter((name) => !isDeepStrictEqual(planned[name], shown[name]))
      .map((name) => [name, { planned: planned[name], shown: shown[name] }]),
  )
}

/** What the provider reads, as for `plan`, `refresh` and `import`. */
export async function readState(client: AdminClient, { read, state }: Resource): Promise<State> {
  return state(await client.json(read))
}
