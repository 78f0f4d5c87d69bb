import { join } from 'node:path'
import type { StorageKey, UploadId } from '../../blob-store.js'

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/**
 * Where things lie under the root folder: `uploads/<id>` and `blobs/<first two of key>/<key>`. Ids and keys are random
 * UUIDs; for any other text there is no path, so that none can lead out of the folder.
 */
export class BlobLayout {
  readonly uploads: string
  readonly blobs: string

  constructor(readonly root: string) {
    this.uploads = join(root, 'uploads')
    this.blobs = join(root, 'blobs')
  }

  upload(id: UploadId): string | undefined {
    return uuid.test(id) ? join(this.uploads, id) : undefined
  }

  blob(key: StorageKey): { readonly folder: string; readonly path: string } | undefined {
    if (!uuid.test(key)) return undefined
    const folder = join(this.blobs, key.slice(0, 2))
    return { folder, path: join(folder, key) }
  }
}
