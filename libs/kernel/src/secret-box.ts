/** Seals secrets that this registry has to know in clear: passwords for upstreams and directories, private keys. */
export interface SecretBox {
  /**
   * @param place whose secret it is, as `table/name/field`: it opens there only, so that nobody who can write to the database
   *   has it sent elsewhere
   * @returns text that tells nothing of the secret but its length, another one each time
   */
  seal(secret: string, place: string): string
  /**
   * @returns the secret; text that was never sealed as it is
   * @throws RegistryError UNAVAILABLE for what another key has sealed, or what was sealed for another place or changed
   */
  open(stored: string, place: string): string
  /** Whether the text is sealed, and with the key that seals now. */
  isCurrent(stored: string): boolean
}
