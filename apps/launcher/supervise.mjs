import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { constants } from 'node:os'

/** npm and the terminal both pass a Ctrl-C on: signals this close together are one key press. */
const samePressMilliseconds = 500

const parentCheckMilliseconds = 300

/**
 * Runs the server on this terminal until it ends. It has a process group of its own, so a Ctrl-C reaches it once, from
 * here; and an IPC channel, by whose end it notices that this process was killed.
 * @param {string} node
 * @param {readonly string[]} args
 * @returns {Promise<number>} its exit code
 */
export function supervise(node, args) {
  const child = spawn(node, args, {
    // More threads for files than libuv's four: slow syncs of uploads must not hold up reads.
    env: { UV_THREADPOOL_SIZE: '16', ...process.env },
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    detached: process.platform !== 'win32',
  })
  let lastSignalAt = Number.NEGATIVE_INFINITY
  /** @param {NodeJS.Signals} signal */
  const forward = (signal) => {
    const at = performance.now()
    if (at - lastSignalAt < samePressMilliseconds) return
    lastSignalAt = at
    child.kill(signal)
  }
  process.on('SIGINT', forward)
  process.on('SIGTERM', forward)
  const stopWatching = onParentGone(() => forward('SIGTERM'))
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code, signal) => {
      stopWatching()
      process.off('SIGINT', forward)
      process.off('SIGTERM', forward)
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]))
    })
  })
}

/**
 * npm can be killed without passing that on; its script would then run for nobody.
 * @param {() => void} callback
 */
function onParentGone(callback) {
  if (process.env['npm_lifecycle_event'] === undefined) return () => undefined
  const atStart = ancestors()
  const timer = setInterval(() => {
    if (ancestors() === atStart) return
    clearInterval(timer)
    callback()
  }, parentCheckMilliseconds)
  return () => clearInterval(timer)
}

/** The shell that npm ran, and npm itself where the system tells: whoever loses its parent gets another one. */
function ancestors() {
  const parent = process.ppid
  try {
    // proc(5): the parent is the second field after the name, which stands in parentheses.
    const stat = readFileSync(`/proc/${parent}/stat`, 'latin1')
    return `${parent} ${stat.slice(stat.lastIndexOf(')')).split(' ')[2]}`
  } catch {
    return String(parent)
  }
}
