import type { Digest } from '@entrepot/kernel'
import type { RepositoryKey } from '@entrepot/repositories'
import type { ItemTimes } from './item-times.js'

/** A manifest or a blob, as a file of the tree that Artifactory shows. */
export interface ItemFile {
  readonly name: string
  readonly size: number
  readonly digest: Digest
  readonly mediaType: string
}

export interface FileItem extends ItemFile {
  readonly kind: 'file'
  /** Without a slash at the start. */
  readonly path: string
  /** The image that holds it. */
  readonly image: string
  readonly isManifest: boolean
  readonly foundIn: RepositoryKey
  readonly times: ItemTimes | undefined
}

export interface ItemChild {
  readonly name: string
  readonly folder: boolean
}

export interface FolderItem {
  readonly kind: 'folder'
  readonly path: string
  /** By name. */
  readonly children: readonly ItemChild[]
  /** False when there are more children than are told. */
  readonly complete: boolean
  /** Of a tag; other folders are there because something is in them. */
  readonly times: ItemTimes | undefined
}

export interface ListedItem {
  /** From the folder that is listed on, without a slash at the start. */
  readonly path: string
  readonly folder: boolean
  readonly size: number
  readonly digest: Digest | undefined
  readonly modified: Date | undefined
}

export interface ItemList {
  /** By path. */
  readonly items: readonly ListedItem[]
  readonly complete: boolean
}

/** More than these are not told at once. */
export const maximumItems = 10_000
