import type { Digest } from '@entrepot/kernel'
import type { ImageName, Tag } from '@entrepot/oci-model'
import type { FoundTag, TagPage, TagQuery, TagSearchStore } from '@entrepot/oci-repository'
import type { RepositoryId } from '@entrepot/repositories'
import type { Database } from '../database.js'
import { searchPlaces } from './search-places.js'
import { tagSearch } from './tag-search.sql.js'

interface FoundRow {
  readonly repository: RepositoryId
  readonly image: ImageName
  readonly name: Tag
  readonly digest: Digest
  readonly media_type: string
  readonly holder: Digest | null
}

export class PostgresTagSearch implements TagSearchStore {
  constructor(
    private readonly database: Database,
    private readonly places = searchPlaces(),
  ) {}

  async find(query: TagQuery, page: TagPage): Promise<readonly FoundTag[]> {
    const { statement, values } = tagSearch(query, page)
    const rows = await this.places.take(() => this.database.query<FoundRow>(statement, values))
    return rows.map(({ repository, image, name, digest, media_type: mediaType, holder }) => ({
      repository,
      image,
      tag: name,
      digest,
      mediaType,
      ...(holder === null ? {} : { holder }),
    }))
  }
}
