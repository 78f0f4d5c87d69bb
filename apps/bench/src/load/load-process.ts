import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { BlobSpec, Task, TaskAnswer, TaskResult } from './tasks.js'

const script = fileURLToPath(new URL('main.js', import.meta.url))

/** The process that makes the load, the same one for all contenders. One task at a time. */
export class LoadProcess {
  private constructor(private readonly child: ChildProcess) {}

  static start(): LoadProcess {
    const child = fork(script, [], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    process.once('exit', () => child.kill('SIGKILL'))
    return new LoadProcess(child)
  }

  get pid(): number {
    return this.child.pid ?? 0
  }

  /** @throws Error what went wrong; after `limitSeconds` that it took too long, and the process is then of no more use */
  async run(task: Task, limitSeconds: number): Promise<TaskResult> {
    const { child } = this
    const limit = AbortSignal.timeout(limitSeconds * 1000)
    const settled = new AbortController()
    const signal = AbortSignal.any([limit, settled.signal])
    const ended = once(child, 'exit', { signal })
    const answered = once(child, 'message', { signal })
    child.send(task)
    try {
      const [answer] = (await Promise.race([answered, ended])) as [TaskAnswer | number | null]
      if (typeof answer !== 'object' || answer === null) throw new Error('the load process has ended')
      if ('error' in answer) throw new Error(answer.error)
      return answer.result
    } catch (error) {
      if (limit.aborted) throw new Error(`took longer than ${limitSeconds} s`, { cause: error })
      throw error
    } finally {
      settled.abort()
      // The one that lost the race is aborted by now.
      await Promise.allSettled([ended, answered])
    }
  }

  async digestOf(blob: BlobSpec): Promise<string> {
    const { digest } = await this.run({ kind: 'digest', blob }, 60)
    if (digest === undefined) throw new Error('the load process answers without a digest')
    return digest
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return
    const ended = once(this.child, 'exit')
    this.child.kill('SIGKILL')
    await ended
  }
}
