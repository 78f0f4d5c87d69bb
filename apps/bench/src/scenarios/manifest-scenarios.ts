import type { Bench, Measured } from '../bench.js'
import type { Contender } from '../contenders/contender.js'
import type { Scenario, Stocked } from './scenario.js'

const connections = 16

/** As docker asks; Distribution 3.1 gives an OCI manifest to nobody who does not. */
const accept =
  'Accept: application/vnd.docker.distribution.manifest.v2+json, application/vnd.docker.distribution.manifest.list.v2+json, ' +
  'application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json, */*'

export const manifestScenarios: readonly Scenario[] = [
  pullManifest('manifest-tag', 'manifest GET by tag', () => '/manifests/latest'),
  pullManifest(
    'manifest-digest',
    'manifest GET by digest',
    (stocked) => `/manifests/${stocked.manifestDigest}`,
  ),
]

function pullManifest(name: string, title: string, path: (stocked: Stocked) => string): Scenario {
  return {
    name,
    title: `${title}, ${connections} connections`,
    unit: 'requests/s',
    targets: { 'distribution-3.1': 1, 'distribution-2.8': 5 },
    warmUp: true,
    measure: (bench, contender, stocked) => measureManifest(bench, contender, path(stocked)),
  }
}

/** @param path below the image's, such as `/manifests/latest` */
export function measureManifest(bench: Bench, contender: Contender, path: string): Promise<Measured> {
  return bench.measure(contender, (target) => ({
    kind: 'requests',
    target,
    path,
    headers: [accept],
    connections,
    seconds: bench.sizes.requestSeconds,
  }))
}
