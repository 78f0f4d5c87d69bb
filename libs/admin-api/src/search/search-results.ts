import type { Digest, Listing } from '@entrepot/kernel'
import { filePathOf, type ReadableTag, type RequestContext } from '@entrepot/oci-repository'
import type { Request, Response } from 'express'
import type { AdminApiPorts } from '../admin-api-ports.js'
import { baseUrlOf } from '../http/base-url.js'
import { itemJson, itemUri } from '../items/item-json.js'

/** What a client wants to be told besides where an item is: Artifactory's `X-Result-Detail: info, properties`. */
export interface ResultDetail {
  readonly info: boolean
  readonly properties: boolean
}

/** Artifactory's limit for searches of users. */
const maximumResults = 1000

/** Each is looked at by itself then. */
const maximumDetailedResults = 200

const lookedAtAtOnce = 20

export function detailOf(request: Request): ResultDetail {
  const wanted = (request.get('x-result-detail') ?? '').split(',').map((part) => part.trim().toLowerCase())
  return { info: wanted.includes('info'), properties: wanted.includes('properties') }
}

export function resultLimit({ info, properties }: ResultDetail): number {
  return info || properties ? maximumDetailedResults : maximumResults
}

interface Asked {
  readonly ports: AdminApiPorts
  readonly request: Request
  readonly response: Response
  readonly context: RequestContext
}

/** Artifactory's `{"results":[{"uri":...}]}`. That there are more is told in a `Warning`. */
export async function searchResults(
  { items, more }: Listing<ReadableTag>,
  digest: Digest | undefined,
  { ports, request, response, context }: Asked,
): Promise<object> {
  const detail = detailOf(request)
  const baseUrl = baseUrlOf(request, ports.publicUrl)
  if (more) {
    const text = `299 - "there are more than ${resultLimit(detail)} results: search for less"`
    response.setHeader('Warning', text)
  }
  const found = items.map((item) => ({ repository: item.repository, path: filePathOf(item, digest) }))
  const files = [...new Map(found.map((file) => [`${file.repository}/${file.path}`, file])).values()]
  const results: object[] = []
  for (let start = 0; start < files.length; start += lookedAtAtOnce) {
    const part = files.slice(start, start + lookedAtAtOnce).map(async ({ repository: key, path }) => {
      const place = { baseUrl, repository: key }
      const uri = itemUri(place, path)
      if (!detail.info && !detail.properties) return { uri }
      const repository = ports.content.repositories.find(key)
      const item = repository && (await ports.content.items.find(repository, path, context))
      // It has gone since it was found.
      if (repository === undefined || item === undefined) return undefined
      const properties = detail.properties
        ? await ports.content.itemProperties.of(repository, path, context)
        : undefined
      return {
        ...(detail.info ? itemJson(item, place) : { uri }),
        ...(properties === undefined ? {} : { properties: Object.fromEntries(properties) }),
      }
    })
    results.push(...(await Promise.all(part)).filter((result) => result !== undefined))
  }
  return { results }
}
