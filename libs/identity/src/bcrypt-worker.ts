import { parentPort, workerData } from 'node:worker_threads'
import { compareSync } from 'bcryptjs'
import type { BcryptQuestion } from './verify-bcrypt.js'

/** Node runs this file from its source too, so it imports nothing of ours but types. */
const { hash, password } = workerData as BcryptQuestion

// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread is no window
parentPort?.postMessage(compareSync(password, hash))
