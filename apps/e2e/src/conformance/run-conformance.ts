import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { adminPassword, type Entrepot } from '../support/entrepot.js'
import { program } from '../support/parts.js'
import { run, type Finished } from '../support/processes.js'
import { removeFolder, temporaryFolder } from '../support/workplace.js'

export interface Verdict {
  readonly exitCode: number | null
  readonly cases: number
  readonly failures: readonly string[]
  readonly skipped: readonly string[]
  /** The end of what the program printed, for whoever reads a failure. */
  readonly said: string
}

/** The rewrite of 2026. It has no time-out of its own: one that hangs is ended, and its exit code is null. */
export async function runRewrite(
  entrepot: Entrepot,
  settings: Readonly<Record<string, string>>,
): Promise<Verdict> {
  return inFolder(async (results) => {
    const finished = await run(program('conformance'), [], {
      cwd: results,
      timeoutMs: 100_000,
      env: {
        PATH: process.env['PATH'],
        HOME: results,
        OCI_REGISTRY: entrepot.host,
        OCI_TLS: 'disabled',
        OCI_USERNAME: 'admin',
        OCI_PASSWORD: adminPassword,
        OCI_RESULTS_DIR: results,
        ...settings,
      },
    })
    return verdict(finished, join(results, 'junit.xml'))
  })
}

/** The program of v1.1.1. */
export async function runReleased(entrepot: Entrepot, key: string): Promise<Verdict> {
  return inFolder(async (results) => {
    const finished = await run(program('conformance-v1.1.1.test'), [], {
      cwd: results,
      timeoutMs: 100_000,
      env: {
        PATH: process.env['PATH'],
        HOME: results,
        OCI_ROOT_URL: entrepot.url,
        OCI_NAMESPACE: `${key}/conformance/old`,
        OCI_CROSSMOUNT_NAMESPACE: `${key}/conformance/old2`,
        OCI_USERNAME: 'admin',
        OCI_PASSWORD: adminPassword,
        OCI_TEST_PULL: '1',
        OCI_TEST_PUSH: '1',
        OCI_TEST_CONTENT_DISCOVERY: '1',
        OCI_TEST_CONTENT_MANAGEMENT: '1',
        OCI_HIDE_SKIPPED_WORKFLOWS: '0',
        OCI_AUTOMATIC_CROSSMOUNT: '1',
        OCI_REPORT_DIR: results,
      },
    })
    return verdict(finished, join(results, 'junit.xml'))
  })
}

async function inFolder(work: (folder: string) => Promise<Verdict>): Promise<Verdict> {
  const folder = await temporaryFolder('conformance')
  try {
    return await work(folder)
  } finally {
    await removeFolder(folder)
  }
}

async function verdict(finished: Finished, junit: string): Promise<Verdict> {
  const report = await readFile(junit, 'utf8').catch(() => '')
  return {
    exitCode: finished.code,
    ...readJunit(report),
    said: `${finished.stdout}\n${finished.stderr}`.slice(-3000),
  }
}

/** Counts a JUnit report's cases, and names those that failed or were skipped. */
export function readJunit(report: string): Pick<Verdict, 'cases' | 'failures' | 'skipped'> {
  const cases = [...report.matchAll(/<testcase\b([^>]*?)(?:\/>|>([\s\S]*?)<\/testcase>)/g)]
  const named = (pattern: RegExp): string[] =>
    cases
      .filter(([, , body]) => pattern.test(body ?? ''))
      .map(([, attributes]) => /\bname="([^"]*)"/.exec(attributes ?? '')?.[1] ?? 'without a name')
  return {
    cases: cases.length,
    failures: named(/<(?:failure|error)\b/),
    skipped: named(/<skipped\b/),
  }
}
