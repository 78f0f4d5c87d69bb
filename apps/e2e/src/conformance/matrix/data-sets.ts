import { DataSet, emptyJson } from './data-set.js'
import { digestOf } from './digests.js'

export const typeA = 'application/vnd.example.entrepot.a.v1'
export const typeB = 'application/vnd.example.entrepot.b+json'
const nondistributable = 'application/vnd.oci.image.layer.nondistributable.v1.tar'

type Fill = (set: DataSet) => void

const plain: Readonly<Record<string, Fill>> = {
  'an image': (set) => set.image({ tag: 'image' }),
  'an image with uncompressed layers': (set) => set.image({ tag: 'uncompressed', compressed: false }),
  'an image whose manifest has 3.9 MB': (set) => {
    const annotations: Record<string, string> = {}
    for (let i = 0; i < 390; i += 1) annotations[`large-annotation-${i}`] = 'A'.repeat(10_000)
    set.image({ tag: 'large-manifest', annotations })
  },
  'an index': (set) => set.platforms({ tag: 'index' }),
  'an index of indexes': (set) => set.index([set.platforms(), set.platforms()], { tag: 'nested-index' }),
  'an empty index': (set) => set.index([], { tag: 'empty-index' }),
  'an artifact': (set) => set.artifact(typeA, { tag: 'artifact' }),
  'an index of artifacts': (set) => {
    const children = [set.artifact(typeA), set.artifact(typeB)]
    set.index(children, { tag: 'artifact-index', artifactType: typeA })
  },
  'an artifact without layers': (set) => {
    const empty = set.blob(Buffer.from('{}'), emptyJson)
    set.image({ tag: 'artifact-without-layers', config: empty, layers: [empty], artifactType: typeA })
  },
  'artifacts with a subject': (set) => {
    const subject = set.image({ tag: 'image' })
    set.image({ subject })
    set.artifact(typeA, { subject, tag: 'tagged-artifact-1', annotations: { 'org.example.a': '1 & "2"' } })
    set.artifact(typeB, { subject, tag: 'tagged-artifact-2', annotations: { 'org.example.b': 'ä' } })
    // A signature's signature: referrers of a referrer.
    set.artifact(typeA, { subject: set.artifact(typeB, { subject }) })
  },
  'an index with a subject': (set) => {
    const subject = set.platforms({ tag: 'index' })
    const children = [set.artifact(typeA, { subject }), set.artifact(typeA, { subject })]
    const annotations = { 'org.example.index': 'yes' }
    set.index(children, { subject, artifactType: typeA, annotations, tag: 'tagged-artifact' })
    set.index([], { subject })
  },
  'an artifact whose subject is missing': (set) => {
    const digest = digestOf('sha256', `nobody pushes this ${set.noise(16).toString('hex')}`)
    const subject = { mediaType: 'application/vnd.oci.image.manifest.v1+json', size: 123, digest }
    set.artifact(typeA, { subject, tag: 'tagged-artifact', annotations: { 'org.example.orphan': '1' } })
  },
  'an image with non-distributable layers': (set) => {
    const foreign = (
      mediaType: string,
    ): { mediaType: string; digest: string; size: number; urls: string[] } => {
      const digest = digestOf('sha256', set.noise(256))
      return { mediaType, digest, size: 12_345, urls: [`https://store.example.com/blobs/${digest}`] }
    }
    const layers = [foreign(`${nondistributable}+gzip`), foreign(nondistributable), set.layer()]
    set.image({ tag: 'non-distributable', layers })
  },
  'an index with custom fields': (set) =>
    set.platforms({ tag: 'custom-fields', extra: { 'org.example.unknown': { deep: [1, null, 'x'] } } }),
  'an image without layers': (set) => set.image({ tag: 'no-layers', layers: [] }),
}

/** The data sets of a target: `seed` keeps their bytes apart from those of other targets. */
export function makeDataSets(seed: string): readonly DataSet[] {
  const sets = Object.entries(plain).map(([title, fill]) => {
    const set = new DataSet(title, seed)
    fill(set)
    return set
  })
  const embedded = new DataSet('an image with data in its descriptors', seed, 'sha256', false, true)
  embedded.image({ tag: 'data-field' })
  // A tag pushed by name is stored under sha256, so this one is pushed by digest alone.
  const long = new DataSet('an index of sha512 digests', seed, 'sha512')
  long.platforms()
  const parameters = new DataSet('an index with its tags in the query', seed, 'sha256', true)
  parameters.platforms({ tag: 'tag-param-sha256' })
  parameters.tagAll('tag-param-sha256')
  const longParameters = new DataSet(
    'an index of sha512 digests with its tags in the query',
    seed,
    'sha512',
    true,
  )
  longParameters.platforms({ tag: 'tag-param-sha512' })
  longParameters.tagAll('tag-param-sha512')
  return [...sets, embedded, long, parameters, longParameters]
}

/** A few of them, for targets that differ from others only in how they are addressed. */
export function makeSmokeSets(seed: string): readonly DataSet[] {
  const wanted = new Set(['an image', 'an index', 'artifacts with a subject', 'an index of sha512 digests'])
  return makeDataSets(seed).filter(({ title, tagsByParameter }) => wanted.has(title) || tagsByParameter)
}
