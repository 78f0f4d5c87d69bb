import { RefreshTokenEntity } from './refresh-token.entity.js'
import { SigningKeyEntity } from './signing-key.entity.js'

/** The tables that are read and written through TypeORM; the others are hand-written SQL in the stores. */
export const entities = [RefreshTokenEntity, SigningKeyEntity] as const
