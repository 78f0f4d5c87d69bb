import type { ImageName, Tag } from '@entrepot/oci-model'
import {
  type ManifestKey,
  type ManifestLabels,
  maximumProperties,
  maximumPropertyBytes,
  type Properties,
  type PropertyChange,
  type PropertyPlace,
  type PropertyStore,
  tooLong,
  tooMany,
} from '@entrepot/oci-repository'
import type { Digest, RegistryError } from '@entrepot/kernel'
import type { RepositoryId } from '@entrepot/repositories'
import type { Database, Queryable } from '../database.js'
import * as sql from './property.sql.js'

interface PropertyRow {
  /** From 1. */
  readonly place: number
  readonly key: string
  readonly value: string
}

interface LockedRow {
  readonly image: string
  readonly name: string
  readonly revision: number
}

interface FullRow extends LockedRow {
  readonly count: number
  readonly bytes: number
}

/** In the order in which every writer locks: the repository, manifests, tags. */
const statementsOf = {
  repository: sql.changeRepository,
  image: sql.changeImages,
  manifest: sql.changeManifests,
  tag: sql.changeTags,
} as const

export class PostgresPropertyStore implements PropertyStore {
  constructor(private readonly database: Database) {}

  async find(repository: RepositoryId, places: readonly PropertyPlace[]): Promise<readonly Properties[]> {
    const kinds = places.map(({ kind }) => kind)
    const values = [repository, kinds, places.map(imageOf), places.map(nameOf)]
    const rows = await this.database.query<PropertyRow>(sql.findProperties, values)
    return gathered(rows, places.length)
  }

  change(
    repository: RepositoryId,
    places: readonly PropertyPlace[],
    change: PropertyChange,
  ): Promise<readonly PropertyPlace[]> {
    return this.database.transaction(async (transaction) => {
      const changed: PropertyPlace[] = []
      for (const kind of ['repository', 'image', 'manifest', 'tag'] as const) {
        const ofKind = places.filter((place) => place.kind === kind)
        if (ofKind.length === 0) continue
        changed.push(...(await changeAll(transaction, repository, ofKind, change)))
      }
      return changed
    })
  }

  async labelsOf(
    repository: RepositoryId,
    manifests: readonly ManifestKey[],
  ): Promise<readonly ManifestLabels[]> {
    const values = [repository, manifests.map(({ image }) => image), manifests.map(({ digest }) => digest)]
    const rows = await this.database.query<PropertyRow & { readonly kind: string }>(sql.findLabels, values)
    const ofKind = (wanted: string) =>
      gathered(
        rows.filter(({ kind }) => kind === wanted),
        manifests.length,
      )
    const annotations = ofKind('annotation')
    const labels = ofKind('label')
    return manifests.map((_, position) => ({
      annotations: annotations[position] ?? new Map(),
      labels: labels[position] ?? new Map(),
    }))
  }
}

async function changeAll(
  transaction: Queryable,
  repository: RepositoryId,
  places: readonly [PropertyPlace, ...PropertyPlace[]] | readonly PropertyPlace[],
  { set, remove }: PropertyChange,
): Promise<readonly PropertyPlace[]> {
  const [first] = places
  if (first === undefined) return []
  const { lock, clear, insert, tooMany: counted } = statementsOf[first.kind]
  const keys = [repository, places.map(imageOf), places.map(nameOf)]
  const locked = await transaction.query<LockedRow>(lock, keys.slice(0, parametersOf[first.kind]))
  const there = [
    repository,
    locked.map(({ image }) => image),
    locked.map(({ name }) => name),
    locked.map(({ revision }) => revision),
  ]
  await transaction.query(clear, [...there, [...set.keys(), ...remove]])
  const rows = [...set].flatMap(([key, values]) =>
    values.map((value, position) => ({ key, position, value })),
  )
  if (rows.length > 0) {
    const columns = [
      rows.map(({ key }) => key),
      rows.map(({ position }) => position),
      rows.map(({ value }) => value),
    ]
    await transaction.query(insert, [...there, ...columns])
    const [full] = await transaction.query<FullRow>(counted, [
      ...there,
      maximumProperties,
      maximumPropertyBytes,
    ])
    if (full !== undefined) throw tooMuch(full)
  }
  return locked.map(({ image, name }) => placeOf(first.kind, image as ImageName, name))
}

function tooMuch({ image, name, count, bytes }: FullRow): RegistryError {
  const item = [image, name].filter(Boolean).join('/')
  return count > maximumProperties ? tooMany(count, item) : tooLong(bytes, item)
}

/** Of the statements that lock. */
const parametersOf: Readonly<Record<PropertyPlace['kind'], number>> = {
  repository: 1,
  image: 2,
  manifest: 3,
  tag: 3,
}

function placeOf(kind: PropertyPlace['kind'], image: ImageName, name: string): PropertyPlace {
  switch (kind) {
    case 'tag':
      return { kind, image, tag: name as Tag }
    case 'manifest':
      return { kind, image, digest: name as Digest }
    case 'image':
      return { kind, image }
    case 'repository':
      return { kind }
  }
}

/** No image has an empty name: the repository's own properties are kept under it. */
function imageOf(place: PropertyPlace): string {
  return place.kind === 'repository' ? '' : place.image
}

function nameOf(place: PropertyPlace): string {
  if (place.kind === 'tag') return place.tag
  return place.kind === 'manifest' ? place.digest : ''
}

function gathered(rows: readonly PropertyRow[], places: number): readonly Properties[] {
  const found = Array.from({ length: places }, () => new Map<string, string[]>())
  for (const { place, key, value } of rows) {
    const properties = found[place - 1]
    const values = properties?.get(key)
    if (values === undefined) properties?.set(key, [value])
    else values.push(value)
  }
  return found
}
