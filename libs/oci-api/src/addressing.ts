import { RegistryError } from '@entrepot/kernel'
import { type ImageName, parseImageName } from '@entrepot/oci-model'
import type { OciRepository, OciRepositoryDirectory } from '@entrepot/oci-repository'
import { absentRepository } from './absent-repository.js'
import type { ClientHost } from './client-host.js'

/** What of a request says which repository it means. */
export interface Coordinates {
  /** The key in `/artifactory/api/docker/<key>/v2`. */
  readonly prefixKey: string | undefined
  /** Called only when the path does not settle it. @throws RegistryError REQUEST_INVALID */
  readonly host: () => ClientHost
  /** containerd's `?ns=`. */
  readonly namespace: string | undefined
}

export interface AddressingRules {
  /** The host of the public URL, lower-case, without port. */
  readonly publicHostname: string | undefined
  readonly defaultRepository: string | undefined
}

export interface Address {
  /** Stands for itself when nobody knows the key: see `absentRepository`. */
  readonly repository: OciRepository
  readonly image: ImageName
  readonly means: 'prefix' | 'path' | 'host' | 'namespace' | 'default' | 'unknown'
}

/** Docker's and containerd's own limit on `host[:port]/name`: a longer name could be pushed but never pulled (14). */
const maximumNameLength = 255

/**
 * Finds the repository and image that a name means. The prefix settles it; else the first path segment, the host's
 * first label, `?ns=` and the default repository are tried in this order.
 * @param name what stands between `/v2/` and the route's own words
 * @throws RegistryError NAME_INVALID
 */
export function resolveName(
  name: string,
  coordinates: Coordinates,
  rules: AddressingRules,
  directory: OciRepositoryDirectory,
): Address {
  if (name.length > maximumNameLength) {
    throw new RegistryError('NAME_INVALID', `the name has more than ${maximumNameLength} characters`)
  }
  const { prefixKey } = coordinates
  if (prefixKey !== undefined) {
    const repository = directory.find(prefixKey) ?? absentRepository(prefixKey)
    return { repository, image: parseImageName(name), means: 'prefix' }
  }
  // All of it, whether or not it begins with a key: what is said of a bad name must not tell which keys there are.
  const image = parseImageName(name)
  const slash = name.indexOf('/')
  if (slash > 0) {
    const repository = directory.find(name.slice(0, slash))
    if (repository !== undefined) return { repository, image: restOf(image, slash), means: 'path' }
  }
  const byHost = repositoryOfHost(coordinates.host(), rules, directory)
  if (byHost !== undefined) return { repository: byHost, image, means: 'host' }
  const byNamespace = repositoryOfNamespace(coordinates.namespace, directory)
  if (byNamespace !== undefined) return { repository: byNamespace, image, means: 'namespace' }
  const byDefault = defaultRepository(rules, directory)
  if (byDefault !== undefined) return { repository: byDefault, image, means: 'default' }
  return unknownAddress(image, slash)
}

/**
 * What the name means to somebody: what it would mean if there were none of the repositories in which they may do nothing
 * with the image. Where no other is left it stays as it was written, and is refused like a name that nobody can place.
 */
export function resolveSeen(
  written: Address,
  name: string,
  place: { readonly coordinates: Coordinates; readonly rules: AddressingRules },
  directory: OciRepositoryDirectory,
  sees: (repository: OciRepository, image: ImageName) => boolean,
): Address {
  const hidden = new Set<string>()
  const visible: OciRepositoryDirectory = {
    find: (key) => (hidden.has(key) ? undefined : directory.find(key)),
    all: () => directory.all(),
    remoteOf: (host) => directory.remoteOf(host),
  }
  if (written.means === 'unknown') return written
  let address = written
  while (!sees(address.repository, address.image)) {
    if (address.means === 'prefix') return written
    hidden.add(address.repository.key)
    address = resolveName(name, place.coordinates, place.rules, visible)
    if (address.means === 'unknown') return written
  }
  return address
}

/**
 * The one repository that a request without a name is about: that of its prefix or host.
 * @param sees whether the caller may see anything in it: else a host names nothing
 * @returns undefined when it is about all of them
 */
export function resolveRoot(
  coordinates: Coordinates,
  rules: AddressingRules,
  directory: OciRepositoryDirectory,
  sees: (repository: OciRepository) => boolean,
): OciRepository | undefined {
  const { prefixKey } = coordinates
  if (prefixKey !== undefined) return directory.find(prefixKey) ?? absentRepository(prefixKey)
  const byHost = repositoryOfHost(coordinates.host(), rules, directory)
  return byHost !== undefined && sees(byHost) ? byHost : undefined
}

/**
 * `docker.registry.example` is the repository `docker` of the public host `registry.example`. Without a public URL any
 * host whose first label is a repository's key will do; an address has no labels.
 */
export function repositoryOfHost(
  host: ClientHost,
  rules: AddressingRules,
  directory: OciRepositoryDirectory,
): OciRepository | undefined {
  if (host.isAddress) return undefined
  const dot = host.hostname.indexOf('.')
  if (dot <= 0) return undefined
  const { publicHostname } = rules
  if (publicHostname !== undefined && host.hostname.slice(dot + 1) !== publicHostname) return undefined
  return directory.find(host.hostname.slice(0, dot))
}

function repositoryOfNamespace(
  namespace: string | undefined,
  directory: OciRepositoryDirectory,
): OciRepository | undefined {
  if (namespace === undefined || !/^[A-Za-z0-9.:[\]-]{1,255}$/.test(namespace)) return undefined
  const key = directory.remoteOf(namespace)
  return key === undefined ? undefined : directory.find(key)
}

function defaultRepository(
  rules: AddressingRules,
  directory: OciRepositoryDirectory,
): OciRepository | undefined {
  return rules.defaultRepository === undefined ? undefined : directory.find(rules.defaultRepository)
}

/** A name nobody can place: its first segment is taken for the key of a repository that isn't there. */
function unknownAddress(name: ImageName, slash: number): Address {
  const key = slash > 0 ? name.slice(0, slash) : name
  return {
    repository: absentRepository(key),
    image: slash > 0 ? restOf(name, slash) : name,
    means: 'unknown',
  }
}

/** What stands after a slash of a name is a name too. */
function restOf(name: ImageName, slash: number): ImageName {
  return name.slice(slash + 1) as ImageName
}
