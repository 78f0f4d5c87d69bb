import type { MigrationInterface, QueryRunner } from 'typeorm'

/** With which access token another one was made: it ends with it. */
export class TokenParents1764201600000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE access_tokens ADD COLUMN parent_family_id uuid;
      CREATE INDEX access_tokens_parent ON access_tokens (parent_family_id) WHERE parent_family_id IS NOT NULL
    `)
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE access_tokens DROP COLUMN parent_family_id')
  }
}
