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
  /** Stores `key` unless another replica stored one first. @returns the keys as `list` does */
  addIfNone(key: StoredSigningKey): Promise<readonly StoredSigningKey[]>
}
