import type { MigrationInterface, QueryRunner } from 'typeorm'

/** Which of the blobs that a cached manifest lists are kept elsewhere: layers with `urls`. None of those that are cached already is marked. */
export class ForeignLayers1764115300000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      'ALTER TABLE cached_manifest_blobs ADD COLUMN is_foreign boolean NOT NULL DEFAULT false',
    )
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DELETE FROM cached_manifest_blobs WHERE is_foreign;
      ALTER TABLE cached_manifest_blobs DROP COLUMN is_foreign;
    `)
  }
}
