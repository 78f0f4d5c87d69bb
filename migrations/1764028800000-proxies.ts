import type { MigrationInterface, QueryRunner } from 'typeorm'

/** Proxies between this server and the upstreams. A revision is never used twice, also by one made anew under a key. */
export class Proxies1764028800000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE SEQUENCE proxies_revision AS integer;
      CREATE TABLE proxies (
        key text COLLATE "C" PRIMARY KEY,
        config jsonb NOT NULL,
        revision integer NOT NULL DEFAULT nextval('proxies_revision')
      );
      ALTER SEQUENCE proxies_revision OWNED BY proxies.revision;
    `)
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE proxies')
  }
}
