import { Column, Entity, PrimaryColumn } from 'typeorm'

@Entity('refresh_tokens')
export class RefreshTokenEntity {
  @PrimaryColumn({ type: 'text' })
  hash!: string

  @Column({ type: 'text' })
  username!: string

  @Column({ type: 'text' })
  service!: string

  @Column({ type: 'timestamptz', name: 'expires_at' })
  expiresAt!: Date
}
