import type { MigrationInterface, QueryRunner } from 'typeorm'

/** For the retention of overwritten tags: which tags were moved off a manifest. */
export class LeftManifests1764115200000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE INDEX tag_events_left ON tag_events (repo_id, image, old_digest) WHERE old_digest IS NOT NULL
    `)
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX tag_events_left')
  }
}
