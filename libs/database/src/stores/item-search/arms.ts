import { mediaTypes } from '@entrepot/oci-model'

/** The tables behind the files and folders of the tree, each with what its columns are called there. */
export interface Arm {
  readonly kind: 'manifest' | 'blob' | 'folder' | 'image'
  /** Whether a tag names it, or a digest. */
  readonly by: 'tag' | 'digest' | 'image'
  readonly from: string
  /** What is always true of its rows. */
  readonly where: string
  readonly image: string
  /** The tag or digest that the folder is called by; SQL's null for an image. */
  readonly reference: string
  /** The digest of what the reference names; null for an image. */
  readonly manifest: string
  /** The digest of the file; null for a folder. */
  readonly content: string
  readonly size: string
  readonly path: string
  readonly name: string
  readonly depth: string
}

const indexTypes = `('${mediaTypes.ociIndex}', '${mediaTypes.dockerManifestList}')`

const ofTags = {
  by: 'tag',
  from: 'tags t JOIN manifests m ON m.repo_id = t.repo_id AND m.image = t.image AND m.digest = t.digest',
  where: 'true',
  image: 't.image',
  reference: 't.name',
  manifest: 't.digest',
} as const

/** What an index lists, and what no tag names: a manifest that both a tag and an index name has two folders. */
const ofDigests = {
  by: 'digest',
  from: 'manifests m',
  where: `(EXISTS (
      SELECT 1 FROM manifest_children c WHERE c.repo_id = m.repo_id AND c.image = m.image AND c.child = m.digest
    ) OR NOT EXISTS (
      SELECT 1 FROM tags o WHERE o.repo_id = m.repo_id AND o.image = m.image AND o.digest = m.digest
    ))`,
  image: 'm.image',
  reference: 'm.digest',
  manifest: 'm.digest',
} as const

type Folders = typeof ofTags | typeof ofDigests

const depthOfImage = (image: string) => `(length(${image}) - length(replace(${image}, '/', '')) + 1)`

const inFolder = ({ image, reference }: Folders) => ({
  path: `(${image} || '/' || ${reference})`,
  depth: `(${depthOfImage(image)} + 2)`,
})

function manifestsOf(folders: Folders): Arm {
  return {
    ...folders,
    ...inFolder(folders),
    kind: 'manifest',
    content: folders.manifest,
    size: 'm.size::bigint',
    name: `(CASE WHEN ${isIndex} THEN 'list.manifest.json' ELSE 'manifest.json' END COLLATE "C")`,
  }
}

/** Those of a local repository are there; of a remote, those that its cache has. */
function blobsOf(folders: Folders, listed: 'manifest_blobs' | 'cached_manifest_blobs'): Arm {
  const linked = `JOIN repo_blobs l ON l.repo_id = b.repo_id AND l.image = b.image AND l.digest = b.blob_digest`
  return {
    ...folders,
    ...inFolder(folders),
    kind: 'blob',
    from: `${folders.from}
      JOIN ${listed} b ON b.repo_id = m.repo_id AND b.image = m.image AND b.manifest_digest = m.digest
      ${listed === 'cached_manifest_blobs' ? linked : ''}
      JOIN blobs x ON x.digest = b.blob_digest`,
    content: 'b.blob_digest',
    size: 'x.size',
    name: `replace(b.blob_digest, ':', '__')`,
  }
}

function folderOf(folders: Folders): Arm {
  return {
    ...folders,
    kind: 'folder',
    content: 'NULL::text',
    size: '0::bigint',
    path: folders.image,
    name: folders.reference,
    depth: `(${depthOfImage(folders.image)} + 1)`,
  }
}

const ofImages: Arm = {
  by: 'image',
  kind: 'image',
  from: '(SELECT DISTINCT repo_id, image FROM manifests) m',
  where: 'true',
  image: 'm.image',
  reference: 'NULL::text',
  manifest: 'NULL::text',
  content: 'NULL::text',
  size: '0::bigint',
  path: `(CASE WHEN strpos(m.image, '/') = 0 THEN '.' ELSE regexp_replace(m.image, '/[^/]*$', '') END COLLATE "C")`,
  name: `regexp_replace(m.image, '^.*/', '')`,
  depth: depthOfImage('m.image'),
}

export const isIndex = `m.media_type IN ${indexTypes}`

export const fileArms: readonly Arm[] = [ofTags, ofDigests].flatMap((folders) => [
  manifestsOf(folders),
  blobsOf(folders, 'manifest_blobs'),
  blobsOf(folders, 'cached_manifest_blobs'),
])

export const folderArms: readonly Arm[] = [folderOf(ofTags), folderOf(ofDigests), ofImages]

/** When the thing came and was changed last, and who did it: of a tag its events say so. */
export function timeOf(arm: Arm, field: 'created' | 'modified'): string {
  if (arm.by === 'image') return 'NULL::timestamptz'
  return arm.by === 'tag' ? `coalesce(${eventOf('at', field)}, m.pushed_at)` : 'm.pushed_at'
}

export function actorOf(arm: Arm, field: 'created' | 'modified'): string {
  return arm.by === 'tag' ? eventOf('actor', field) : 'NULL::text'
}

function eventOf(column: 'at' | 'actor', field: 'created' | 'modified'): string {
  return `(
    SELECT e.${column} FROM tag_events e WHERE e.repo_id = t.repo_id AND e.image = t.image AND e.name = t.name
    ORDER BY e.id ${field === 'created' ? '' : 'DESC'} LIMIT 1)`
}
