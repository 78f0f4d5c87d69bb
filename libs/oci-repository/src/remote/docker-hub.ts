import type { ImageName } from '@entrepot/oci-model'

const hubHosts: ReadonlySet<string> = new Set([
  'docker.io',
  'index.docker.io',
  'registry-1.docker.io',
  'registry.hub.docker.com',
])

/** Docker Hub goes by several names; its API answers at one of them. Protocol check list 205. */
export const hubApiHost = 'registry-1.docker.io'

export function isDockerHub(host: string): boolean {
  return hubHosts.has(host)
}

/** Hub keeps `alpine` as `library/alpine`; elsewhere a name is taken as it is. */
export function upstreamImageName(image: ImageName, upstreamHost: string): string {
  return isDockerHub(upstreamHost) && !image.includes('/') ? `library/${image}` : image
}
