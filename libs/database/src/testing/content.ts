import { digestOf } from '@entrepot/kernel'
import { FakeSecretBox } from '@entrepot/kernel/testing'
import { mediaTypes } from '@entrepot/oci-model'
import type { BlobIndex, NewManifest } from '@entrepot/oci-repository'
import type { RepositoryId } from '@entrepot/repositories'
import { localConfig } from '@entrepot/repositories/testing'
import { PostgresRepositoryStore } from '../stores/repository.store.js'
import type { TestDatabase } from './test-database.js'

type StoredBlob = Parameters<BlobIndex['link']>[2]

let count = 0

/** An empty local repository that no other test uses. */
export async function createRepository(db: TestDatabase): Promise<RepositoryId> {
  count += 1
  const { id } = await new PostgresRepositoryStore(db.database, new FakeSecretBox()).create(
    localConfig(`repository-${count}`),
  )
  return id
}

/** A manifest as far as the stores care: its bytes are `content`. */
export function newManifest(content: string, changes: Partial<NewManifest> = {}): NewManifest {
  const bytes = Buffer.from(content)
  return {
    digest: digestOf(bytes),
    mediaType: mediaTypes.ociManifest,
    bytes,
    artifactType: undefined,
    annotations: {},
    subject: undefined,
    blobs: [],
    needsBlobs: true,
    children: [],
    ...changes,
  }
}

export function fakeBlob(content: string, key = `key of ${content}`): StoredBlob {
  const bytes = Buffer.from(content)
  return { key: key as StoredBlob['key'], digest: digestOf(bytes), size: bytes.length }
}
