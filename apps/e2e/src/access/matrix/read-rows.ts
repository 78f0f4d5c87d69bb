import { layerOf, sha256, type Image } from '../../support/images.js'
import { json, type Answer } from '../../support/registry-client.js'
import { at, nameIn, type Cell, type RegistryRow } from './cell.js'
import { isDone, reading, type Holder, type Kind, type Outcome } from './grants.js'

const unknownManifest: Outcome = { status: 404, code: 'MANIFEST_UNKNOWN' }
const unknownBlob: Outcome = { status: 404, code: 'BLOB_UNKNOWN' }
const unknownName: Outcome = { status: 404, code: 'NAME_UNKNOWN' }
/** In place of a list of what may not be read. */
const hidden: Outcome = { status: 200 }
const throughLocal: readonly Kind[] = ['local', 'virtual', 'nested']
const throughRemote: readonly Kind[] = ['remote', 'virtual', 'nested']

/** Everything that is there to be read: where it is, and how it is asked for. */
interface Readable {
  readonly what: string
  readonly holder: Holder
  readonly cold?: boolean
  readonly kind: 'manifest' | 'blob'
  /** @returns the digest or tag to ask for, and the digest that has to come */
  readonly item: (cell: Cell) => { readonly reference: string; readonly digest: string }
}

const same = (digest: string) => ({ reference: digest, digest })
const firstBlob = (image: Image) => layerOf(image).digest

const readables: readonly Readable[] = [
  {
    what: 'by tag',
    holder: 'local',
    kind: 'manifest',
    item: ({ content }) => ({ reference: '1', digest: content.local.digest }),
  },
  { what: 'by digest', holder: 'local', kind: 'manifest', item: ({ content }) => same(content.local.digest) },
  {
    what: 'of an image',
    holder: 'local',
    kind: 'blob',
    item: ({ content }) => same(firstBlob(content.local)),
  },
  {
    what: 'cached, by tag',
    holder: 'remote',
    kind: 'manifest',
    item: ({ content }) => ({ reference: '1', digest: content.cached.digest }),
  },
  {
    what: 'cached, by digest',
    holder: 'remote',
    kind: 'manifest',
    item: ({ content }) => same(content.cached.digest),
  },
  { what: 'cached', holder: 'remote', kind: 'blob', item: ({ content }) => same(firstBlob(content.cached)) },
  {
    what: 'not cached, by tag',
    holder: 'remote',
    cold: true,
    kind: 'manifest',
    item: (cell) => {
      const { tag, image } = upstreamOf(cell)
      return { reference: tag, digest: image.digest }
    },
  },
  {
    what: 'not cached, by digest',
    holder: 'remote',
    cold: true,
    kind: 'manifest',
    item: (cell) => same(upstreamOf(cell).image.digest),
  },
  {
    what: 'not cached',
    holder: 'remote',
    cold: true,
    kind: 'blob',
    item: (cell) => same(firstBlob(upstreamOf(cell).image)),
  },
]

/** What succeeds fills the cache, so that each success needs something of its own. */
function upstreamOf({ world, grant, content, outcome }: Cell): {
  readonly tag: string
  readonly image: Image
} {
  return isDone(outcome) ? world.freshUpstream(grant) : content.cold
}

function readRow(method: 'GET' | 'HEAD', { what, holder, cold, kind, item }: Readable): RegistryRow {
  const absent = kind === 'manifest' ? unknownManifest : unknownBlob
  const expected = new WeakMap<Answer, string>()
  return {
    route: `${method} ${kind}`,
    what,
    kinds: holder === 'local' ? throughLocal : throughRemote,
    expect: (rights) => reading(rights, { holder, absent, ...(cold === true ? { cold } : {}) }),
    send: async (cell) => {
      const { reference, digest } = item(cell)
      const answer = await cell.visitor.send(
        method,
        at(cell, holder === 'local' ? 'app' : 'far', `${kind}s/${reference}`),
      )
      expected.set(answer, digest)
      return answer
    },
    check: (answer) => {
      const digest = expected.get(answer)
      if (answer.headers.get('docker-content-digest') !== digest)
        throw new Error(`another digest than ${digest}`)
      if (method === 'GET' && sha256(answer.body) !== digest) throw new Error(`another body than ${digest}`)
    },
  }
}

function listedDigests(answer: Answer): readonly string[] {
  return (json(answer) as { manifests: { digest: string }[] }).manifests.map(({ digest }) => digest)
}

const lists: readonly RegistryRow[] = [
  {
    route: 'GET tags',
    what: 'of an image',
    kinds: throughLocal,
    expect: (rights) => reading(rights, { holder: 'local', absent: unknownName }),
    send: async (cell) => cell.visitor.send('GET', at(cell, 'app', 'tags/list')),
    check: (answer, cell) => {
      const { name, tags } = json(answer) as { name: string; tags: string[] }
      if (name !== nameIn(cell, 'app') || tags.join() !== '1') throw new Error(`${name} has ${tags.join()}`)
    },
  },
  {
    route: 'GET tags',
    what: 'of a remote image',
    kinds: throughRemote,
    expect: (rights) => reading(rights, { holder: 'remote', absent: unknownName }),
    send: async (cell) => cell.visitor.send('GET', at(cell, 'far', 'tags/list')),
    check: (answer) => {
      const { tags } = json(answer) as { tags: string[] }
      if (!tags.includes('1')) throw new Error(`has ${tags.join()}`)
    },
  },
  {
    route: 'GET referrers',
    what: 'of an image',
    kinds: throughLocal,
    // Never 404: what may not be read has none.
    expect: (rights) => reading(rights, { holder: 'local', absent: hidden }),
    send: async (cell) => cell.visitor.send('GET', at(cell, 'app', `referrers/${cell.content.local.digest}`)),
    check: (answer, { content, outcome }) => {
      const expected = outcome === hidden ? '' : content.referrer.digest
      if (listedDigests(answer).join() !== expected) throw new Error(`lists ${listedDigests(answer).join()}`)
    },
  },
  {
    route: 'GET referrers',
    what: 'of a remote image',
    kinds: throughRemote,
    expect: (rights) => reading(rights, { holder: 'remote', absent: hidden }),
    send: async (cell) =>
      cell.visitor.send('GET', at(cell, 'far', `referrers/${cell.content.cached.digest}`)),
    check: (answer) => {
      if (listedDigests(answer).length > 0) throw new Error('the upstream has none')
    },
  },
]

/** All that is asked of an image without changing anything. */
export const readRows: readonly RegistryRow[] = [
  ...readables.flatMap((readable) => [readRow('GET', readable), readRow('HEAD', readable)]),
  ...lists,
]
