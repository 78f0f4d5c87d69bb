import type { UserId } from '@entrepot/kernel'
import { Column, Entity, PrimaryColumn } from 'typeorm'

@Entity('refresh_tokens')
export class RefreshTokenEntity {
  @PrimaryColumn({ type: 'text' })
  hash!: string

  @Column({ type: 'text' })
  username!: string

  @Column({ type: 'uuid', name: 'user_id', nullable: true })
  userId!: UserId | null

  @Column({ type: 'uuid', name: 'access_token_id', nullable: true })
  accessTokenId!: string | null

  @Column({ type: 'integer', name: 'credentials_revision' })
  credentialsRevision!: number

  @Column({ type: 'text' })
  service!: string

  @Column({ type: 'timestamptz', name: 'expires_at' })
  expiresAt!: Date
}
