import { answerBase } from './base.js'
import { type BlobDownloads, deleteBlob } from './blobs.js'
import type { Catalog } from './catalog.js'
import { deleteManifest, getManifest, type ManifestPushes } from './manifests.js'
import { listReferrers } from './referrers.js'
import type { Route } from './route.js'
import { listTags } from './tags.js'
import type { TokenEndpoint } from './token.js'
import type { BlobUploads } from './uploads.js'

/** The route functions that have collaborators. */
export interface Endpoints {
  readonly token: Pick<TokenEndpoint, 'get' | 'post'>
  readonly catalog: Pick<Catalog, 'list'>
  readonly manifestPushes: Pick<ManifestPushes, 'put'>
  readonly blobDownloads: Pick<BlobDownloads, 'get'>
  readonly blobUploads: Pick<BlobUploads, 'start' | 'status' | 'patch' | 'finish' | 'cancel'>
}

/** Everything the registry API answers. distribution-spec "Endpoints". */
export function routesOf(endpoints: Endpoints): readonly Route[] {
  const { token, catalog, manifestPushes, blobDownloads, blobUploads } = endpoints
  return [
    { name: 'base', method: 'GET', pattern: 'base', action: 'login', handle: answerBase },
    { name: 'base', method: 'HEAD', pattern: 'base', action: 'login', handle: answerBase },
    { name: 'token', method: 'GET', pattern: 'token', action: 'open', handle: token.get },
    { name: 'token', method: 'POST', pattern: 'token', action: 'open', handle: token.post },
    { name: 'catalog', method: 'GET', pattern: 'catalog', action: 'catalog', handle: catalog.list },
    {
      name: 'manifest',
      method: 'GET',
      pattern: 'manifest',
      action: 'pull',
      audit: 'none',
      handle: getManifest,
    },
    {
      name: 'manifest',
      method: 'HEAD',
      pattern: 'manifest',
      action: 'pull',
      audit: 'none',
      handle: getManifest,
    },
    {
      name: 'manifest',
      method: 'PUT',
      pattern: 'manifest',
      action: 'push',
      audit: 'push',
      handle: manifestPushes.put,
    },
    {
      name: 'manifest',
      method: 'DELETE',
      pattern: 'manifest',
      action: 'delete',
      audit: 'delete',
      handle: deleteManifest,
    },
    {
      name: 'blob',
      method: 'GET',
      pattern: 'blob',
      action: 'pull',
      audit: 'none',
      handle: blobDownloads.get,
    },
    {
      name: 'blob',
      method: 'HEAD',
      pattern: 'blob',
      action: 'pull',
      audit: 'none',
      handle: blobDownloads.get,
    },
    {
      name: 'blob',
      method: 'DELETE',
      pattern: 'blob',
      action: 'delete',
      audit: 'delete',
      handle: deleteBlob,
    },
    {
      name: 'uploads',
      method: 'POST',
      pattern: 'uploads',
      action: 'push',
      audit: 'none',
      handle: blobUploads.start,
    },
    {
      name: 'upload',
      method: 'GET',
      pattern: 'upload',
      action: 'push',
      audit: 'none',
      handle: blobUploads.status,
    },
    {
      name: 'upload',
      method: 'PATCH',
      pattern: 'upload',
      action: 'push',
      audit: 'none',
      handle: blobUploads.patch,
    },
    {
      name: 'upload',
      method: 'PUT',
      pattern: 'upload',
      action: 'push',
      audit: 'none',
      handle: blobUploads.finish,
    },
    // Who may push may give up: clients cancel with their push token (protocol check list 42).
    {
      name: 'upload',
      method: 'DELETE',
      pattern: 'upload',
      action: 'push',
      audit: 'none',
      handle: blobUploads.cancel,
    },
    { name: 'tags', method: 'GET', pattern: 'tags', action: 'pull', audit: 'none', handle: listTags },
    {
      name: 'referrers',
      method: 'GET',
      pattern: 'referrers',
      action: 'pull',
      audit: 'none',
      handle: listReferrers,
    },
  ]
}
