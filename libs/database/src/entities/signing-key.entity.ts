import { Column, Entity, PrimaryColumn } from 'typeorm'

@Entity('signing_keys')
export class SigningKeyEntity {
  @PrimaryColumn({ type: 'text' })
  id!: string

  @Column({ type: 'text' })
  algorithm!: 'ES256'

  @Column({ type: 'text', name: 'private_key_pem' })
  privateKeyPem!: string

  @Column({ type: 'timestamptz', name: 'created_at' })
  createdAt!: Date
}
