import type { RepositoryFigures, StorageSummary } from '@entrepot/oci-repository'
import type { RepositoryDirectory, RepositoryKind } from '@entrepot/repositories'
import { byteSize } from './byte-size.js'

/** Artifactory's word for what a repository holds: that of a remote is its cache. */
const repoTypes: Readonly<Record<RepositoryKind, string>> = {
  local: 'LOCAL',
  remote: 'CACHE',
  virtual: 'VIRTUAL',
}

/**
 * `GET /api/storageinfo`. Files are manifests and blobs, folders are images and tags. Counts of the whole are texts and
 * those of a repository numbers, as Artifactory has them and its clients parse them.
 */
export function storageInfo(summary: StorageSummary, directory: Pick<RepositoryDirectory, 'find'>): object {
  const { repositories } = summary
  const stored = summary.blobBytes + summary.manifestBytes
  const shown = total(repositories)
  const entries = repositories.map((figures) =>
    entry(figures, repoTypes[directory.find(figures.key)?.config.rclass ?? 'local'], shown.bytes),
  )
  return {
    binariesSummary: {
      binariesCount: count(summary.blobs + summary.manifests),
      binariesSize: byteSize(stored),
      artifactsSize: byteSize(shown.bytes),
      optimization: percentage(stored, shown.bytes),
      itemsCount: count(filesIn(shown) + foldersIn(shown)),
      artifactsCount: count(filesIn(shown)),
    },
    repositoriesSummaryList: [...entries, { ...entry(shown, 'NA', shown.bytes), packageType: '' }],
  }
}

type Figures = Omit<RepositoryFigures, 'key'> & { readonly key: string }

function entry(figures: Figures, repoType: string, allBytes: number): object {
  return {
    repoKey: figures.key,
    repoType,
    foldersCount: foldersIn(figures),
    filesCount: filesIn(figures),
    usedSpace: byteSize(figures.bytes),
    usedSpaceInBytes: figures.bytes,
    itemsCount: filesIn(figures) + foldersIn(figures),
    packageType: 'Docker',
    projectKey: 'default',
    percentage: percentage(figures.bytes, allBytes),
  }
}

function total(repositories: readonly RepositoryFigures[]): Figures {
  const sum = (of: (figures: RepositoryFigures) => number) =>
    repositories.reduce((before, figures) => before + of(figures), 0)
  return {
    key: 'TOTAL',
    images: sum(({ images }) => images),
    tags: sum(({ tags }) => tags),
    manifests: sum(({ manifests }) => manifests),
    blobs: sum(({ blobs }) => blobs),
    bytes: sum(({ bytes }) => bytes),
  }
}

function filesIn({ manifests, blobs }: Figures): number {
  return manifests + blobs
}

function foldersIn({ images, tags }: Figures): number {
  return images + tags
}

function count(value: number): string {
  return value.toLocaleString('en-US')
}

function percentage(part: number, whole: number): string {
  return whole === 0 ? '0%' : `${Math.round((part * 10_000) / whole) / 100}%`
}
