import { RegistryError } from '@entrepot/kernel'

/** A request's URL, as far as it can be taken apart without knowing any repository. */
export interface RequestTarget {
  /** What the client puts before `/v2`: empty, or `/artifactory/api/docker/<key>`. */
  readonly prefix: string
  /** The repository key that the prefix names. */
  readonly prefixKey: string | undefined
  /** What stands after `/v2`, percent-decoded: empty or from its `/` on. */
  readonly path: string
  /** What stands after `?`, undecoded. */
  readonly query: string
}

const artifactoryPrefix = '/artifactory/api/docker/'
const keyGrammar = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/

/** Whether the registry API answers this URL: for the server that has other things to serve beside it. */
export function isRegistryUrl(url: string): boolean {
  return startsV2At(url, 0) || artifactoryKeyEnd(url) >= 0
}

/**
 * @returns undefined when the URL is not the registry API's
 * @throws RegistryError NAME_INVALID for percent-encoding that is broken or hides a slash
 */
export function parseRequestTarget(url: string): RequestTarget | undefined {
  if (startsV2At(url, 0)) return targetFrom(url, '', undefined)
  const keyEnd = artifactoryKeyEnd(url)
  if (keyEnd < 0) return undefined
  return targetFrom(url, url.slice(0, keyEnd), url.slice(artifactoryPrefix.length, keyEnd))
}

function targetFrom(url: string, prefix: string, prefixKey: string | undefined): RequestTarget {
  const pathStart = prefix.length + '/v2'.length
  const question = url.indexOf('?', pathStart)
  const path = question < 0 ? url.slice(pathStart) : url.slice(pathStart, question)
  return {
    prefix,
    prefixKey,
    path: path.includes('%') ? decodePath(path) : path,
    query: question < 0 ? '' : url.slice(question + 1),
  }
}

/** `%2F` can't be part of a name, and decoding it would move the borders between the parts of the path. */
function decodePath(path: string): string {
  if (/%2f/i.test(path)) throw new RegistryError('NAME_INVALID', 'a name in the URL can not contain "%2F"')
  try {
    return decodeURIComponent(path)
  } catch (cause) {
    throw new RegistryError('NAME_INVALID', 'the path of the URL is not percent-encoded UTF-8', { cause })
  }
}

function startsV2At(url: string, position: number): boolean {
  if (!url.startsWith('/v2', position)) return false
  const next = url.charCodeAt(position + 3)
  return Number.isNaN(next) || next === 0x2f || next === 0x3f
}

/** Where the key of `/artifactory/api/docker/<key>/v2` ends, or -1. */
function artifactoryKeyEnd(url: string): number {
  if (!url.startsWith(artifactoryPrefix)) return -1
  const keyEnd = url.indexOf('/', artifactoryPrefix.length)
  if (keyEnd < 0 || !startsV2At(url, keyEnd)) return -1
  return keyGrammar.test(url.slice(artifactoryPrefix.length, keyEnd)) ? keyEnd : -1
}
