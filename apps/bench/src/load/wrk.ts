import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { Task, TaskResult } from './tasks.js'

const runFile = promisify(execFile)

/** Whether Debian's `wrk` is there: a load that costs a fifth of what Node's costs. */
export async function hasWrk(): Promise<boolean> {
  try {
    await runFile('wrk', ['--version'])
    return true
  } catch (error) {
    // It is there, and ends with 1 after saying its version.
    return (error as NodeJS.ErrnoException).code !== 'ENOENT'
  }
}

/** The `requests` task by wrk. @throws Error when an answer is not 2xx */
export async function runWrk(task: Extract<Task, { readonly kind: 'requests' }>): Promise<TaskResult> {
  const { target, path, headers, connections, seconds } = task
  const args = ['-t1', `-c${connections}`, `-d${seconds}s`]
  for (const header of headers) args.push('-H', header)
  if (target.authorization !== undefined) args.push('-H', `Authorization: ${target.authorization}`)
  args.push(`http://${target.host}:${target.port}${target.path}${path}`)
  const { stdout } = await runFile('wrk', args, { timeout: (seconds + 30) * 1000, killSignal: 'SIGKILL' })
  return parseWrk(stdout)
}

export function parseWrk(output: string): TaskResult {
  const total = /^\s*(\d+) requests in ([\d.]+)(ms|s|m),/m.exec(output)
  if (total === null) throw new Error(`wrk says nothing about requests:\n${output}`)
  const wrong = /^\s*(?:Non-2xx or 3xx responses: .*|Socket errors: .*)$/m.exec(output)
  if (wrong !== null) throw new Error(`wrk: ${wrong[0].trim()}`)
  const unit = { ms: 0.001, s: 1, m: 60 }[total[3] as 'ms' | 's' | 'm']
  return { work: Number(total[1]), seconds: Number(total[2]) * unit }
}
