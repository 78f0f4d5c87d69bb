export interface StoredSigningKey {
  /** The `kid` of a token's header. RFC 7515 4.1.4. */
  readonly id: string
  readonly algorithm: 'ES256'
  readonly privateKeyPem: string
  readonly createdAt: Date
}

export interface SigningKeyStore {
  /** All keys whose tokens may still be valid, newest first. */
  list(): Promise<readonly StoredSigningKey[]>
  /** Stores `key` unless one was made after `since`, by another replica. @returns the keys as `list` does */
  addUnlessNewer(key: StoredSigningKey, since: Date): Promise<readonly StoredSigningKey[]>
  /** Stores `key` as the newest one: what is dated later, by a clock that was ahead, is dated back to just before it. */
  addAsNewest(key: StoredSigningKey): Promise<void>
  delete(ids: readonly string[]): Promise<void>
}
