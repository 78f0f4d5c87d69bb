import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { snapshot, transferBench, transferOn } from '../testing/transfers.js'
import type { Workbench } from '../testing/workbench.js'

describe('any copy or move', () => {
  const image = fc.constantFrom('a', 'a/b', 'a/b/c', 'b', 'c/a')
  const tag = fc.constantFrom('1', '2', 'b', 'c')
  const content = fc.uniqueArray(fc.tuple(fc.constantFrom('dev', 'prod'), image, tag), {
    minLength: 1,
    maxLength: 8,
    selector: ([key, name, version]) => `${key}/${name}:${version}`,
  })
  const path = fc.constantFrom(
    '',
    'a',
    'a/b',
    'a/b/c',
    'a/1',
    'a/b/2',
    'a/b/c/1',
    'b',
    'b/1',
    'c',
    'c/a',
    'x',
  )
  const asked = fc.record({
    content,
    from: fc.tuple(fc.constantFrom('dev', 'prod', 'all'), path),
    to: fc.tuple(fc.constantFrom('dev', 'prod', 'all'), path, fc.constantFrom('', '/')),
    move: fc.boolean(),
  })

  it('does as its dry run told, which changed nothing, and leaves the same at both ends', async () => {
    let worked = 0
    const outcomes = new Set<string>()
    await fc.assert(
      fc.asyncProperty(asked, async ({ content: pushed, from, to, move }) => {
        const own = await transferBench()
        try {
          for (const [key, name, version] of pushed) await own.pushImage(key, name, version)
          const source = from.join('/').replace(/\/$/, '')
          const target = to[1] === '' ? to[0] : to[0] + '/' + to[1] + to[2]
          const before = await snapshot(own)
          const run = (dryRun: boolean) =>
            transferOn(own, source, target, { move, dryRun }).then(
              ({ done }) => done,
              (error: Error) => `${error.name}: ${error.message}`,
            )
          const dry = await run(true)
          expect(await snapshot(own)).toBe(before)
          const digests = await digestsOf(own, dry)
          expect(await run(false)).toEqual(dry)
          if (typeof dry === 'string' || dry.length === 0) {
            expect(await snapshot(own)).toBe(before)
            outcomes.add(typeof dry === 'string' ? 'refused' : 'absent')
            return
          }
          worked += 1
          outcomes.add(move ? 'moved' : 'copied')
          for (const [step, digest] of digests) {
            const [, end = ''] = step.split(' -> ')
            expect(await digestAt(own, end)).toBe(digest)
          }
        } finally {
          await own.close()
        }
      }),
      {
        numRuns: 150,
        examples: [
          [{ content: [['dev', 'a/b', '1']], from: ['dev', 'a/b'], to: ['prod', 'x', '/'], move: true }],
          [{ content: [['dev', 'a/b', '1']], from: ['dev', 'a/b'], to: ['prod', 'x', ''], move: false }],
          [{ content: [['dev', 'a', '1']], from: ['dev', 'a'], to: ['dev', 'a/b', ''], move: false }],
          [{ content: [['dev', 'a', '1']], from: ['dev', 'x'], to: ['prod', 'a', ''], move: false }],
          [
            {
              content: [
                ['dev', 'a/b', '1'],
                ['dev', 'a/b/c', '1'],
              ],
              from: ['dev', 'a/b'],
              to: ['dev', 'c', ''],
              move: true,
            },
          ],
        ],
      },
    )
    expect([...outcomes].toSorted()).toEqual(['absent', 'copied', 'moved', 'refused'])
    expect(worked).toBeGreaterThan(3)
  }, 60_000)
})

/** What each step takes, before it is done. */
async function digestsOf(own: Workbench, steps: string | readonly string[]) {
  const digests = new Map<string, string | undefined>()
  for (const step of typeof steps === 'string' ? [] : steps) {
    digests.set(step, await digestAt(own, step.split(' -> ')[0] ?? ''))
  }
  return digests
}

async function digestAt(own: Workbench, place: string): Promise<string | undefined> {
  const [, key = '', name = '', version = ''] = /^(\w+)\/(.+):(\w+)$/.exec(place) ?? []
  return (await own.pull(key, name, version))?.value.digest
}
