import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { Contender } from './contenders/contender.js'
import { LoadProcess } from './load/load-process.js'
import type { BlobSpec, Target, Task, TaskResult } from './load/tasks.js'
import { runWrk } from './load/wrk.js'
import { cpuSeconds } from './process-figures.js'
import { quietMachine } from './quiet-machine.js'
import { warmMemory } from './warm-memory.js'
import { largeFiles, removeLargeFiles } from './pushed-files.js'

const runFile = promisify(execFile)

export interface Sizes {
  /** Of a large blob. */
  readonly largeMebibytes: number
  /** How many blobs of 1 MiB. */
  readonly smallBlobs: number
  readonly requestSeconds: number
}

export interface Measured extends TaskResult {
  /** CPU time of the contender, its database included. */
  readonly cpuSeconds: number
}

/** No transfer takes longer, on a machine on which measuring makes sense. */
const limitSeconds = 300

/**
 * With a quarter to spare, for what the contender and the load need besides. None for the memory scenario: it is about
 * the contender's own memory, and fills too much.
 */
function pushedMebibytes(task: Task): number {
  if (task.kind !== 'upload') return 0
  return 1.25 * task.blobs.reduce((sum, { mebibytes }) => sum + mebibytes, 0)
}

/** What all scenarios measure with. */
export class Bench {
  #load = LoadProcess.start()
  readonly #kept = new Map<Contender, ReadonlySet<string>>()
  #blobs = 0

  constructor(
    readonly sizes: Sizes,
    readonly withWrk: boolean,
    private readonly patienceSeconds: number,
  ) {}

  /** A blob that no contender has seen. */
  newBlob(mebibytes: number): BlobSpec {
    this.#blobs += 1
    return { mebibytes, name: `pushed ${this.#blobs}` }
  }

  digestOf(blob: BlobSpec): Promise<string> {
    return this.#load.digestOf(blob)
  }

  async measure(contender: Contender, taskFor: (target: Target) => Task): Promise<Measured> {
    await contender.requireRunning()
    const task = taskFor(await contender.target())
    const pids = [contender.pid, ...(await contender.databasePids())]
    await quietMachine(this.patienceSeconds)
    const mebibytes = pushedMebibytes(task)
    if (mebibytes > 0) await warmMemory(contender.blobFolder, mebibytes)
    const before = await cpuSeconds(pids)
    const result = await this.run(task)
    return { ...result, cpuSeconds: (await cpuSeconds(pids)) - before }
  }

  /** Whatever is pushed after this is thrown away by `forgetPushed`. */
  async keep(contender: Contender): Promise<void> {
    this.#kept.set(contender, await largeFiles(contender.blobFolder))
  }

  /** Also waits until the disk has all that was written, so that nobody pays for another one's writes. */
  async forgetPushed(contender: Contender): Promise<void> {
    await removeLargeFiles(contender.blobFolder, this.#kept.get(contender) ?? new Set())
    await runFile('sync', ['-f', contender.blobFolder])
  }

  stop(): Promise<void> {
    return this.#load.stop()
  }

  private async run(task: Task): Promise<TaskResult> {
    if (task.kind === 'requests' && this.withWrk) return runWrk(task)
    try {
      return await this.#load.run(task, limitSeconds)
    } catch (error) {
      // A task that was given up may still be running.
      await this.#load.stop()
      this.#load = LoadProcess.start()
      throw error
    }
  }
}
