import { layerOf, ociManifest, sha256, type Image } from '../../support/images.js'
import { expectStatus, type Answer } from '../../support/registry-client.js'
import { at, nameIn, type Cell, type RegistryRow } from './cell.js'
import { isDone, writing, type Kind, type Outcome, type Rights } from './grants.js'
import type { Visitor } from './visitor.js'
import { smallManifest } from './world.js'

const everywhere: readonly Kind[] = ['local', 'remote', 'virtual', 'nested']
const octets = { 'content-type': 'application/octet-stream' }

/** Let in, and then refused for what exactly was asked. */
const isForbidden = (outcome: Outcome): boolean => outcome !== 'refused' && outcome.status === 403

/** What a visitor has brought to an image, by its name. */
const brought = new WeakMap<Visitor, Map<string, Promise<void>>>()

/**
 * Brings what the manifests of the matrix need, which is the same for all, by their pusher: who may only deploy can't refer
 * to what others brought.
 */
async function bring(cell: Cell, image: Image): Promise<void> {
  if (!isDone(cell.outcome) && !isForbidden(cell.outcome)) return
  const byName = brought.get(cell.visitor) ?? new Map<string, Promise<void>>()
  brought.set(cell.visitor, byName)
  const name = nameIn(cell, 'in')
  const bringing = byName.get(name) ?? upload(cell, image)
  byName.set(name, bringing)
  await bringing
}

async function upload(cell: Cell, image: Image): Promise<void> {
  for (const [digest, bytes] of image.blobs) {
    const closed = await cell.visitor.send('POST', at(cell, 'in', `blobs/uploads/?digest=${digest}`), {
      headers: octets,
      body: bytes,
    })
    expectStatus(closed, 201)
  }
}

async function put(cell: Cell, reference: string, image: Image): Promise<Answer> {
  return cell.visitor.send('PUT', at(cell, 'in', `manifests/${reference}`), {
    headers: { 'content-type': ociManifest },
    body: image.bytes,
  })
}

const pushes = (rights: Rights): Outcome => writing(rights, 'deploy', 201)
const deletes = (rights: Rights): Outcome => writing(rights, 'delete', 202)

const manifestWrites: readonly RegistryRow[] = [
  {
    route: 'PUT manifest',
    what: 'under a new tag',
    kinds: everywhere,
    expect: pushes,
    send: async (cell) => {
      const image = smallManifest(cell.world.unique('pushed'))
      await bring(cell, image)
      return put(cell, cell.world.unique('new'), image)
    },
  },
  {
    route: 'PUT manifest',
    what: 'by digest',
    kinds: everywhere,
    expect: pushes,
    send: async (cell) => {
      const image = smallManifest(cell.world.unique('pushed'))
      await bring(cell, image)
      return put(cell, image.digest, image)
    },
  },
  {
    route: 'PUT manifest',
    what: 'moving a tag',
    kinds: everywhere,
    expect: (rights) => {
      const outcome = pushes(rights)
      return isDone(outcome) && !rights.may('overwrite', 'local') ? { status: 403, code: 'DENIED' } : outcome
    },
    send: async (cell) => {
      let tag = 'fixed'
      const image = smallManifest(cell.world.unique('moving'))
      if (isDone(cell.outcome)) {
        tag = cell.world.unique('moved')
        await cell.world.freshManifest(cell.grant, tag)
      }
      await bring(cell, image)
      return put(cell, tag, image)
    },
  },
  {
    route: 'PUT manifest',
    what: 'the same again under its tag',
    kinds: everywhere,
    expect: pushes,
    send: async (cell) => {
      const image = smallManifest(`${cell.grant.name}-fixed`)
      await bring(cell, image)
      return put(cell, 'fixed', image)
    },
  },
  {
    route: 'DELETE manifest',
    what: 'by tag',
    kinds: everywhere,
    expect: deletes,
    send: async (cell) => {
      const tag = isDone(cell.outcome) ? cell.world.unique('doomed') : 'fixed'
      if (isDone(cell.outcome)) await cell.world.freshManifest(cell.grant, tag)
      return cell.visitor.send('DELETE', at(cell, 'in', `manifests/${tag}`))
    },
  },
  {
    route: 'DELETE manifest',
    what: 'by digest',
    kinds: everywhere,
    expect: deletes,
    send: async (cell) => {
      const image = isDone(cell.outcome)
        ? await cell.world.freshManifest(cell.grant, cell.world.unique('doomed'))
        : smallManifest(`${cell.grant.name}-fixed`)
      return cell.visitor.send('DELETE', at(cell, 'in', `manifests/${image.digest}`))
    },
  },
]

/** An upload of the visitor's own where they may push; else one that somebody else has open in the same image. */
async function openUpload(cell: Cell): Promise<string> {
  if (!isDone(cell.outcome)) return at(cell, 'in', `blobs/uploads/${cell.content.uploadId}`)
  const opened = expectStatus(await cell.visitor.send('POST', at(cell, 'in', 'blobs/uploads/')), 202)
  return new URL(opened.headers.get('location') ?? '', 'http://registry').pathname
}

function uploadRow(
  method: string,
  what: string,
  done: number,
  ask: () => { readonly query?: string; readonly body?: Buffer } = () => ({}),
): RegistryRow {
  return {
    route: `${method} upload`,
    what,
    kinds: everywhere,
    expect: (rights) => writing(rights, 'deploy', done),
    send: async (cell) => {
      const location = await openUpload(cell)
      const { query = '', body } = ask()
      return cell.visitor.send(
        method,
        `${location}${query}`,
        body === undefined ? {} : { headers: octets, body },
      )
    },
  }
}

const bytes = Buffer.from('what is uploaded')

const blobWrites: readonly RegistryRow[] = [
  {
    route: 'DELETE blob',
    what: 'that no manifest needs',
    kinds: everywhere,
    expect: deletes,
    send: async (cell) => {
      const digest = isDone(cell.outcome) ? await cell.world.freshBlob(cell.grant) : sha256('{}')
      return cell.visitor.send('DELETE', at(cell, 'in', `blobs/${digest}`))
    },
  },
  {
    route: 'POST uploads',
    what: 'to start one',
    kinds: everywhere,
    expect: (rights) => writing(rights, 'deploy', 202),
    send: async (cell) => cell.visitor.send('POST', at(cell, 'in', 'blobs/uploads/')),
  },
  {
    route: 'POST uploads',
    what: 'with the whole blob',
    kinds: everywhere,
    expect: pushes,
    send: async (cell) =>
      cell.visitor.send('POST', at(cell, 'in', `blobs/uploads/?digest=${sha256(bytes)}`), {
        headers: octets,
        body: bytes,
      }),
  },
  {
    route: 'POST uploads',
    what: 'to mount from an image',
    kinds: everywhere,
    // Who may not read the source uploads the blob instead.
    expect: (rights) => writing(rights, 'deploy', rights.may('read', 'local') ? 201 : 202),
    send: async (cell) => {
      const digest = layerOf(cell.content.local).digest
      const query = `mount=${digest}&from=${nameIn(cell, 'app')}`
      return cell.visitor.send('POST', at(cell, 'in', `blobs/uploads/?${query}`))
    },
  },
  {
    route: 'POST uploads',
    what: 'to mount from anywhere',
    kinds: everywhere,
    expect: (rights) => writing(rights, 'deploy', rights.may('read', 'local') ? 201 : 202),
    send: async (cell) => {
      // The configuration: mounts from an image, which may have run before, take the layer.
      const digest = [...cell.content.local.blobs.keys()].find(
        (one) => one !== layerOf(cell.content.local).digest,
      )
      return cell.visitor.send('POST', at(cell, 'in', `blobs/uploads/?mount=${digest}`))
    },
  },
  uploadRow('GET', 'for its state', 204),
  uploadRow('PATCH', 'with bytes', 202, () => ({ body: bytes })),
  uploadRow('PUT', 'to finish it', 201, () => ({ query: `?digest=${sha256(bytes)}`, body: bytes })),
  uploadRow('DELETE', 'to cancel it', 204),
]

/** All that changes an image, or would. */
export const writeRows: readonly RegistryRow[] = [...manifestWrites, ...blobWrites]
