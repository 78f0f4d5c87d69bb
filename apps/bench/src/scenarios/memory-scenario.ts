import type { Bench } from '../bench.js'
import type { Contender } from '../contenders/contender.js'
import { descendants, peakResidentMebibytes, proportionalMebibytes } from '../process-figures.js'
import { pulledBlob } from './blob-scenarios.js'

export const memoryScenario = {
  name: 'memory',
  /** MiB of the server process, its database not counted. */
  targetMebibytes: 350,
  each: 8,
}

export interface MemoryFigures {
  /** The largest resident set of the server process since it was started. */
  readonly serverMebibytes: number
  /** The most that the database's processes held together; 0 without one. */
  readonly databaseMebibytes: number
  readonly seconds: number
  readonly megabytesPerSecond: number
}

/** 8 pulls and 8 pushes of a large blob at once. */
export async function measureMemory(bench: Bench, contender: Contender): Promise<MemoryFigures> {
  const { each } = memoryScenario
  const watch = watchDatabase(contender)
  try {
    const { seconds, work } = await bench.measure(contender, (target) => ({
      kind: 'mixed',
      target,
      download: pulledBlob(bench),
      downloads: each,
      uploads: Array.from({ length: each }, () => bench.newBlob(bench.sizes.largeMebibytes)),
    }))
    return {
      serverMebibytes: await peakResidentMebibytes(contender.pid),
      databaseMebibytes: await watch.peak(),
      seconds,
      megabytesPerSecond: work / seconds / 1e6,
    }
  } finally {
    await watch.peak()
    await bench.forgetPushed(contender)
  }
}

function watchDatabase(contender: Contender): { peak(): Promise<number> } {
  let peak = 0
  const look = async () => {
    peak = Math.max(peak, await proportionalMebibytes(await descendants(contender.pid)))
  }
  const timer = setInterval(() => {
    look().catch(() => undefined)
  }, 1_000)
  return {
    peak: async () => {
      clearInterval(timer)
      await look()
      return peak
    },
  }
}
