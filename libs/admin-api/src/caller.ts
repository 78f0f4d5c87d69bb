/** Who calls a route, and whether they may administer with what they showed. */
export interface Caller {
  readonly name: string
  readonly administrator: boolean
}
