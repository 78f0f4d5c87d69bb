/** Both ends inclusive, in bytes, and inside the content they were resolved against. */
export interface ByteRange {
  readonly start: number
  readonly end: number
}
