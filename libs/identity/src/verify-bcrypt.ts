import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'

/** The source under a test runner, what was compiled of it otherwise. */
const workerFile = new URL(`bcrypt-worker${extname(import.meta.url)}`, import.meta.url)

export interface BcryptQuestion {
  readonly hash: string
  readonly password: string
}

/** As htpasswd, PHP and others write it: identifier, cost, 22 characters of salt, 31 of hash. */
const form = /^\$2[aby]\$(?<cost>\d\d)\$[./A-Za-z0-9]{53}$/

/** A quarter of a second; each one more doubles it, and whoever sends wrong passwords makes us pay. */
export const maximumBcryptCost = 12

const minimumBcryptCost = 4

/** @returns the cost as a power of two; undefined when the text is no bcrypt hash */
export function bcryptCostOf(hash: string): number | undefined {
  const cost = form.exec(hash)?.groups?.['cost']
  return cost === undefined || Number(cost) < minimumBcryptCost ? undefined : Number(cost)
}

/**
 * In a thread of its own, because bcrypt in JavaScript takes long and the loop belongs to everybody. Needed once for each
 * imported user.
 * @throws Error when the hash is none of bcrypt's or costs too much
 */
export function verifyBcrypt(hash: string, password: string): Promise<boolean> {
  const cost = bcryptCostOf(hash)
  if (cost === undefined || cost > maximumBcryptCost) {
    return Promise.reject(new Error('a stored password hash is no bcrypt hash of a permitted cost'))
  }
  return new Promise((resolve, reject) => {
    const worker = new Worker(workerFile, {
      name: 'entrepot-bcrypt',
      workerData: { hash, password } satisfies BcryptQuestion,
    })
    worker
      .once('message', resolve)
      .once('error', reject)
      .once('exit', (code) => reject(new Error(`the thread that verifies bcrypt ended with code ${code}`)))
  })
}
