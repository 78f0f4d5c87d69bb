import type { ImageName } from '@entrepot/oci-model'
import type { UploadRecord, UploadStore } from '@entrepot/oci-repository'
import type { RepositoryId } from '@entrepot/repositories'
import type { Database, Statement } from '../database.js'

type UploadId = UploadRecord['id']

interface UploadRow {
  readonly id: UploadId
  readonly repo_id: RepositoryId
  readonly image: ImageName
  readonly owner: string
  readonly expires_at: Date
}

export class PostgresUploadStore implements UploadStore {
  constructor(private readonly database: Database) {}

  async create(upload: UploadRecord): Promise<void> {
    const { id, repository, image, owner, expiresAt } = upload
    await this.database.query(createUpload, [id, repository, image, owner, expiresAt])
  }

  async find(id: UploadId): Promise<UploadRecord | undefined> {
    const [row] = await this.database.query<UploadRow>(findUpload, [id])
    if (row === undefined) return undefined
    return {
      id: row.id,
      repository: row.repo_id,
      image: row.image,
      owner: row.owner,
      expiresAt: row.expires_at,
    }
  }

  async delete(id: UploadId): Promise<void> {
    await this.database.query(deleteUpload, [id])
  }

  async expired(now: Date, limit: number): Promise<readonly UploadId[]> {
    const rows = await this.database.query<{ id: UploadId }>(expiredUploads, [now, limit])
    return rows.map(({ id }) => id)
  }

  async count(now: Date): Promise<number> {
    const [row] = await this.database.query<{ count: number }>(countUploads, [now])
    return row?.count ?? 0
  }
}

const createUpload: Statement = {
  name: 'upload-create',
  text: 'INSERT INTO uploads (id, repo_id, image, owner, expires_at) VALUES ($1, $2, $3, $4, $5)',
}

const findUpload: Statement = {
  name: 'upload-find',
  text: 'SELECT id, repo_id, image, owner, expires_at FROM uploads WHERE id = $1',
}

const deleteUpload: Statement = { name: 'upload-delete', text: 'DELETE FROM uploads WHERE id = $1' }

const expiredUploads: Statement = {
  name: 'uploads-expired',
  text: 'SELECT id FROM uploads WHERE expires_at < $1 ORDER BY expires_at LIMIT $2',
}

const countUploads: Statement = {
  name: 'uploads-count',
  text: 'SELECT count(*)::int AS count FROM uploads WHERE expires_at >= $1',
}
