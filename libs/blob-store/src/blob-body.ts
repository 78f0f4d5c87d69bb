/**
 * Bytes on their way out, pulled by the reader into its own buffers: a file, a spool that is still growing, an object of
 * a cloud store. Whoever opened a body closes it, whatever happened.
 */
export interface BlobBody {
  /** How many bytes `read` will deliver in all. */
  readonly size: number
  /**
   * Copies the next bytes into `target` and says how many; 0 only after `size` bytes.
   * Never called again before the last call is done.
   * @throws when fewer than `size` bytes can be had, or the body was aborted or closed
   */
  read(target: Buffer): Promise<number>
  /** May be called again, and while a `read` is pending, which then rejects. */
  close(): Promise<void>
}
