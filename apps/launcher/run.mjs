import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { environment, root } from './project.mjs'

const forwarded = /** @type {const} */ (['SIGINT', 'SIGTERM'])

/**
 * Runs a program to its end in the project's folder, on this terminal.
 * A signal to this process ends the program and then this process.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ quiet?: boolean }} [options] quiet: what it prints is held back, and shown when it fails
 * @returns {Promise<number>} its exit code
 */
export function run(command, args, options = {}) {
  const output = options.quiet === true ? 'pipe' : 'inherit'
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: root,
      env: environment(),
      stdio: ['inherit', output, output],
    })
    /** @type {Buffer[]} */
    const held = []
    child.stdout?.on('data', (chunk) => held.push(chunk))
    child.stderr?.on('data', (chunk) => held.push(chunk))

    /** @type {NodeJS.Signals | undefined} */
    let received
    /** @param {NodeJS.Signals} signal */
    const stop = (signal) => {
      received = signal
      child.kill(signal)
    }
    for (const signal of forwarded) process.on(signal, stop)
    const done = () => {
      for (const signal of forwarded) process.off(signal, stop)
    }
    child.once('error', (error) => {
      done()
      reject(error)
    })
    child.once('close', (code, signal) => {
      done()
      if (received !== undefined) process.exit(128 + constants.signals[received])
      const exitCode = code ?? 128 + (signal === null ? 0 : constants.signals[signal])
      if (exitCode !== 0) process.stderr.write(Buffer.concat(held))
      resolve(exitCode)
    })
  })
}
