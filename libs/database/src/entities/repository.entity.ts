import type { RepositoryConfig } from '@entrepot/repositories'
import { Column, Entity, PrimaryColumn } from 'typeorm'

@Entity('repositories')
export class RepositoryEntity {
  @PrimaryColumn({ type: 'integer' })
  id!: number

  @Column({ type: 'text' })
  key!: string

  @Column({ type: 'jsonb' })
  config!: RepositoryConfig

  @Column({ type: 'integer' })
  revision!: number
}
