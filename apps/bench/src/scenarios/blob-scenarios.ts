import type { Bench, Measured } from '../bench.js'
import type { Contender } from '../contenders/contender.js'
import type { BlobSpec, UploadMode } from '../load/tasks.js'
import type { Scenario } from './scenario.js'

const pullTargets = { 'distribution-3.1': 1.2, 'distribution-2.8': 1.2 }
const pushTargets = { 'distribution-3.1': 2, 'distribution-2.8': 2.5 }

/** The blob that all pulls fetch; pushed before anything is measured. */
export function pulledBlob(bench: Bench): BlobSpec {
  return { mebibytes: bench.sizes.largeMebibytes, name: 'pulled' }
}

export const blobScenarios: readonly Scenario[] = [
  pull('blob-get-1', 'blob GET, 1 client', 1, 3),
  pull('blob-get-4', 'blob GET, 4 clients', 4, 1),
  pushLarge('blob-put-patch', 'blob PUT, POST + PATCH + PUT', 'patch'),
  pushLarge('blob-put-whole', 'blob PUT, POST + PUT', 'put'),
  pushSmall('blob-put-small-1', '1 MiB blobs, one at a time', 1),
  pushSmall('blob-put-small-5', '1 MiB blobs, 5 at a time', 5),
]

function pull(name: string, title: string, clients: number, times: number): Scenario {
  return {
    name,
    title,
    unit: 'MB/s',
    targets: pullTargets,
    warmUp: true,
    measure: (bench, contender) =>
      bench.measure(contender, (target) => ({
        kind: 'download',
        target,
        blob: pulledBlob(bench),
        clients,
        times,
        verify: false,
      })),
  }
}

function pushLarge(name: string, title: string, mode: UploadMode): Scenario {
  return {
    name,
    title,
    unit: 'MB/s',
    targets: pushTargets,
    warmUp: false,
    measure: (bench, contender) =>
      push(bench, contender, [bench.newBlob(bench.sizes.largeMebibytes)], 1, mode),
  }
}

/** As docker pushes the layers of an image, of which it has five on the way. */
function pushSmall(name: string, title: string, clients: number): Scenario {
  return {
    name,
    title,
    unit: 'MB/s',
    targets: pushTargets,
    warmUp: true,
    measure: (bench, contender) => {
      const blobs = Array.from({ length: bench.sizes.smallBlobs }, () => bench.newBlob(1))
      return push(bench, contender, blobs, clients, 'patch')
    },
  }
}

async function push(
  bench: Bench,
  contender: Contender,
  blobs: readonly BlobSpec[],
  clients: number,
  mode: UploadMode,
): Promise<Measured> {
  try {
    return await bench.measure(contender, (target) => ({ kind: 'upload', target, blobs, clients, mode }))
  } finally {
    await bench.forgetPushed(contender)
  }
}
