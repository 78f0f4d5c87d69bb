import type { Digest } from '@entrepot/kernel'
import type { ContentChecksumStore } from '@entrepot/oci-repository'
import type { Database, Statement } from '../../database.js'

const find: Statement = {
  name: 'content-checksums-find',
  text: 'SELECT digest, sha1 FROM content_checksums WHERE digest = ANY ($1::text[])',
}

const add: Statement = {
  name: 'content-checksums-add',
  text: `
    INSERT INTO content_checksums (digest, sha1) SELECT * FROM unnest($1::text[], $2::text[]) AS s (digest, sha1)
    ORDER BY digest ON CONFLICT DO NOTHING`,
}

export class PostgresContentChecksums implements ContentChecksumStore {
  constructor(private readonly database: Database) {}

  async find(digests: readonly Digest[]): Promise<ReadonlyMap<Digest, string>> {
    const rows = await this.database.query<{ digest: Digest; sha1: string }>(find, [digests])
    return new Map(rows.map(({ digest, sha1 }) => [digest, sha1]))
  }

  async add(sums: ReadonlyMap<Digest, string>): Promise<void> {
    await this.database.query(add, [[...sums.keys()], [...sums.values()]])
  }
}
