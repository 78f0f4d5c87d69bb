import { Column, Entity, PrimaryColumn } from 'typeorm'

@Entity('users')
export class UserEntity {
  @PrimaryColumn({ type: 'text' })
  name!: string

  @Column({ type: 'text', name: 'password_hash', nullable: true })
  passwordHash!: string | null

  @Column({ type: 'boolean' })
  admin!: boolean

  @Column({ type: 'boolean' })
  disabled!: boolean
}
