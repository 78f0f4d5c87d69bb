import { RefreshTokenEntity } from './refresh-token.entity.js'
import { SigningKeyEntity } from './signing-key.entity.js'
import { UserEntity } from './user.entity.js'

/** The tables that are read and written through TypeORM; the others are hand-written SQL in the stores. */
export const entities = [RefreshTokenEntity, SigningKeyEntity, UserEntity] as const
