import { FakeSecretBox } from '@entrepot/kernel/testing'
import type { ImageName } from '@entrepot/oci-model'
import type { UploadRecord } from '@entrepot/oci-repository'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createRepository } from '../testing/content.js'
import { TestDatabase } from '../testing/test-database.js'
import { PostgresRepositoryStore } from './repository.store.js'
import { PostgresUploadStore } from './upload.store.js'

const noon = new Date('2026-05-01T12:00:00.123Z')
const later = new Date('2026-05-01T13:00:00.000Z')

describe('PostgresUploadStore', () => {
  let db: TestDatabase
  let store: PostgresUploadStore

  beforeAll(async () => {
    db = await TestDatabase.create()
    store = new PostgresUploadStore(db.database)
  })
  afterAll(() => db.close())

  const upload = async (id: string, expiresAt: Date): Promise<UploadRecord> => {
    const record = {
      id: id as UploadRecord['id'],
      repository: await createRepository(db),
      image: 'team/app' as ImageName,
      owner: 'ann',
      expiresAt,
    }
    await store.create(record)
    return record
  }

  it('gives back an upload as it was created, until it is deleted', async () => {
    const record = await upload('one', noon)
    expect(await store.find(record.id)).toEqual(record)
    await store.delete(record.id)
    await store.delete(record.id)
    expect(await store.find(record.id)).toBeUndefined()
  })

  it('lists those that expired, the oldest first, and counts the others', async () => {
    const records = [await upload('b', noon), await upload('a', noon), await upload('c', later)]
    expect(await store.expired(noon, 10)).toEqual([])
    expect([...(await store.expired(later, 10))].sort()).toEqual(['a', 'b'])
    expect(await store.expired(later, 1)).toHaveLength(1)
    expect(await store.count(noon)).toBe(3)
    expect(await store.count(later)).toBe(1)
    for (const { id } of records) await store.delete(id)
  })

  it('keeps the uploads of a deleted repository, expired, so that their bytes are cleared away', async () => {
    const record = await upload('of a deleted repository', new Date('2999-01-01T00:00:00Z'))
    const repositories = new PostgresRepositoryStore(db.database, new FakeSecretBox())
    const key = (await repositories.list()).find(({ id }) => id === record.repository)?.config.key
    await repositories.delete(key as NonNullable<typeof key>)
    expect(await store.expired(new Date('2998-01-01T00:00:00Z'), 10)).toEqual([record.id])
  })
})
