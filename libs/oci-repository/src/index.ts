export {
  type ImageName,
  parseImageName,
  parseReference,
  parseTag,
  type Reference,
  type Tag,
} from '@entrepot/oci-model'
export type { UpstreamProbe, UpstreamState } from '@entrepot/upstream'
export * from './blob-index.js'
export * from './configured-oci-repositories.js'
export * from './explain-manifest.js'
export * from './explanation.js'
export * from './items/item.js'
export * from './items/item-times.js'
export * from './items/item-transfer.js'
export * from './items/item-tree.js'
export * from './items/remove-items.js'
export * from './manifest-store.js'
export * from './manifest-transfer.js'
export * from './oci-repository.js'
export * from './oci-repository-directory.js'
export * from './properties/computed-properties.js'
export * from './properties/item-properties.js'
export * from './properties/properties.js'
export * from './properties/property-store.js'
export * from './push-claims.js'
export * from './remote-ref-store.js'
export * from './request-context.js'
export * from './search/tag-search-store.js'
export * from './storage-figures.js'
export * from './promotion.js'
export * from './tag-copier.js'
export * from './tag-event-store.js'
export * from './tag-history.js'
export * from './upload-store.js'
