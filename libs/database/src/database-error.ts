import { RegistryError } from '@entrepot/kernel'
import { QueryFailedError } from 'typeorm'

interface PostgresError {
  readonly code: string
  readonly constraint: string | undefined
}

/** PostgreSQL's SQLSTATE (its manual's appendix A) or Node's code of a failed call, and the constraint that was violated. */
export function postgresErrorOf(error: unknown): PostgresError | undefined {
  const inner: unknown = error instanceof QueryFailedError ? error.driverError : error
  if (!(inner instanceof Error)) return undefined
  const { code, constraint } = inner as { code?: unknown; constraint?: unknown }
  if (typeof code !== 'string') return undefined
  return { code, constraint: typeof constraint === 'string' ? constraint : undefined }
}

export function violates(error: unknown, constraint: string): boolean {
  return postgresErrorOf(error)?.constraint === constraint
}

/** The transaction was rolled back only because of what ran beside it: it may succeed when done again. */
export function isConcurrencyFailure(error: unknown): boolean {
  const code = postgresErrorOf(error)?.code
  return code === '40001' || code === '40P01'
}

/**
 * What a failure of the database means to whoever asked. Errors that only the store can explain (a violated constraint)
 * or that are faults of ours (bad SQL) come back as they are.
 */
export function explainDatabaseError(error: unknown): unknown {
  if (error instanceof RegistryError) return error
  const code = postgresErrorOf(error)?.code ?? codeByMessage(error)
  if (code === undefined) return error
  const known = explanations[code] ?? explanations[code.slice(0, 2)]
  if (known === undefined) return error
  return new RegistryError(known.code, `${known.message} (${code})`, {
    ...(known.retryAfterSeconds === undefined ? {} : { retryAfterSeconds: known.retryAfterSeconds }),
    cause: error,
  })
}

interface Explanation {
  readonly code: 'UNAVAILABLE' | 'STORAGE_FULL' | 'REQUEST_INVALID'
  readonly message: string
  readonly retryAfterSeconds?: number
}

const unreachable: Explanation = {
  code: 'UNAVAILABLE',
  message:
    'the metadata database cannot be reached: check that PostgreSQL runs and that ENTREPOT_DATABASE_URL is right',
  retryAfterSeconds: 5,
}
const refused: Explanation = {
  code: 'UNAVAILABLE',
  message:
    'the metadata database refuses the login: check user, password and database name in ENTREPOT_DATABASE_URL',
  retryAfterSeconds: 30,
}
const overloaded: Explanation = {
  code: 'UNAVAILABLE',
  message: 'the metadata database is too busy to answer in time: look for long transactions and locks',
  retryAfterSeconds: 2,
}
const full: Explanation = {
  code: 'STORAGE_FULL',
  message: "the metadata database's disk is full: free space on it",
}

/** By SQLSTATE, by SQLSTATE class (two characters), or by Node's code. */
const explanations: Readonly<Record<string, Explanation>> = {
  '08': unreachable,
  '28': refused,
  '3D': refused,
  '53': overloaded,
  '53100': full,
  '53300': {
    code: 'UNAVAILABLE',
    message: 'the metadata database has no connection left: raise max_connections or run fewer replicas',
    retryAfterSeconds: 2,
  },
  '57P01': unreachable,
  '57P02': unreachable,
  '57P03': unreachable,
  '57014': overloaded,
  '55P03': overloaded,
  '25P03': overloaded,
  '40001': overloaded,
  '40P01': overloaded,
  '25006': {
    code: 'UNAVAILABLE',
    message:
      'the metadata database is read-only: ENTREPOT_DATABASE_URL names a standby, or a failover is going on',
    retryAfterSeconds: 5,
  },
  '22021': { code: 'REQUEST_INVALID', message: 'a text holds a NUL character, which cannot be stored' },
  '22P05': { code: 'REQUEST_INVALID', message: 'a text holds a NUL character, which cannot be stored' },
  ECONNREFUSED: unreachable,
  ECONNRESET: unreachable,
  EPIPE: unreachable,
  ENOENT: unreachable,
  ENOTFOUND: unreachable,
  EAI_AGAIN: unreachable,
  EHOSTUNREACH: unreachable,
  ENETUNREACH: unreachable,
  ETIMEDOUT: unreachable,
  ENOSPC: full,
}

/** `pg` says these without a code. */
function codeByMessage(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined
  if (error.message.startsWith('timeout exceeded when trying to connect')) return 'ETIMEDOUT'
  return /^Connection terminated|^Client has encountered a connection error/.test(error.message)
    ? 'ECONNRESET'
    : undefined
}
