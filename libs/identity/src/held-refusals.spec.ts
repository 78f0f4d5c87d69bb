import { type LogFields, RegistryError, silentLogger, type UserPrincipal } from '@entrepot/kernel'
import { userPrincipal } from '@entrepot/kernel/testing'
import { beforeEach, describe, expect, it } from 'vitest'
import { defaultRefusalLimits, HeldRefusals } from './held-refusals.js'
import { ScriptedDirectory } from './testing/index.js'

const began = 1_000_000
const clock = { time: began, now: () => clock.time }
const ann: UserPrincipal = userPrincipal('ann')
let directories: ScriptedDirectory[]
let hashesAsked: number
let hasForeignHashes: () => Promise<boolean>
let warnings: LogFields[]
/** Who waits now; each ends by its `end`, or with its signal. */
let waiting: { readonly milliseconds: number; readonly end: () => void }[]

beforeEach(() => {
  clock.time = began
  directories = [new ScriptedDirectory('corp')]
  hashesAsked = 0
  hasForeignHashes = async () => false
  warnings = []
  waiting = []
})

const passing = async (milliseconds: number) => {
  clock.time += milliseconds
}

const standing = (milliseconds: number, signal?: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    waiting.push({ milliseconds, end: resolve })
    signal?.addEventListener('abort', () => resolve())
  })

function refusals(limits: Partial<typeof defaultRefusalLimits> = {}, pause = passing): HeldRefusals {
  const sources = {
    directories: { all: () => directories },
    accounts: {
      hasForeignHashes: () => {
        hashesAsked += 1
        return hasForeignHashes()
      },
    },
  }
  const logger = { ...silentLogger, warn: (fields: LogFields) => void warnings.push(fields) }
  return new HeldRefusals(
    sources,
    { ...defaultRefusalLimits, stepMilliseconds: 500, ...limits },
    { clock, pause },
    logger,
  )
}

const after =
  <T>(milliseconds: number, outcome: () => T) =>
  async () => {
    clock.time += milliseconds
    return outcome()
  }
const refused = () => undefined
const throwing = (error: unknown) => () => {
  throw error
}

/** How long the answer took, whatever it was. */
async function taken(held: HeldRefusals, attempt: () => Promise<UserPrincipal | undefined>): Promise<number> {
  const start = clock.time
  await held.holdBack(attempt, 'a', undefined).catch(() => undefined)
  return clock.time - start
}

describe('HeldRefusals', () => {
  it.each([
    [0, 500],
    [13, 500],
    [499, 500],
    [500, 500],
    [501, 1000],
    [1000, 1000],
    [5003, 5500],
  ])('answers a refusal that took %i ms after %i ms', async (took, answered) => {
    expect(await taken(refusals(), after(took, refused))).toBe(answered)
  })

  it.each(['DENIED', 'TOO_MANY_REQUESTS'] as const)(
    'holds %s back as well, and passes it on',
    async (code) => {
      const error = new RegistryError(code, 'no')
      const held = refusals()
      await expect(held.holdBack(after(20, throwing(error)), 'a', undefined)).rejects.toBe(error)
      expect(clock.time - began).toBe(500)
    },
  )

  it.each([
    ['an outage', new RegistryError('UNAVAILABLE', 'down')],
    ['a bug', new TypeError('bug')],
  ])('answers %s at once', async (_what, error) => {
    const held = refusals()
    await expect(held.holdBack(after(20, throwing(error)), 'a', undefined)).rejects.toBe(error)
    expect(clock.time - began).toBe(20)
  })

  it('answers a success at once', async () => {
    const held = refusals()
    expect(
      await held.holdBack(
        after(20, () => ann),
        'a',
        undefined,
      ),
    ).toBe(ann)
    expect(clock.time - began).toBe(20)
    expect(hashesAsked).toBe(0)
  })

  it('holds nothing where no directory is asked and every hash is ours', async () => {
    directories = []
    expect(await taken(refusals(), after(13, refused))).toBe(13)
  })

  it('holds while hashes from elsewhere are there, and asks for them once a second', async () => {
    directories = []
    hasForeignHashes = async () => true
    const held = refusals()
    for (const _ of [1, 2]) expect(await taken(held, after(13, refused))).toBe(500)
    expect(hashesAsked).toBe(1)
    hasForeignHashes = async () => false
    expect(await taken(held, after(13, refused))).toBe(13)
    expect(hashesAsked).toBe(2)
  })

  it('says so when it can not be known whether hashes from elsewhere are there', async () => {
    directories = []
    const error = new RegistryError('UNAVAILABLE', 'the database is down')
    hasForeignHashes = () => Promise.reject(error)
    await expect(refusals().holdBack(after(1, refused), 'a', undefined)).rejects.toBe(error)
  })

  it('holds nothing when the step is 0', async () => {
    expect(await taken(refusals({ stepMilliseconds: 0 }), after(13, refused))).toBe(13)
    expect(warnings).toEqual([])
  })

  it.each([
    ['set back', -3_600_000],
    ['set ahead', 3_600_000],
  ])('holds for one step at the most when the clock was %s meanwhile', async (_how, by) => {
    const paused: number[] = []
    const held = refusals({}, async (milliseconds) => void paused.push(milliseconds))
    await held.holdBack(after(by, refused), 'a', undefined)
    expect(paused[0]).toBeGreaterThanOrEqual(0)
    expect(paused[0]).toBeLessThanOrEqual(500)
  })

  it('warns at most every ten minutes of what took longer than a step', async () => {
    const held = refusals()
    await taken(held, after(400, refused))
    expect(warnings).toEqual([])
    for (const took of [700, 800]) await taken(held, after(took, refused))
    expect(warnings).toEqual([{ milliseconds: 700, stepMilliseconds: 500 }])
    clock.time += 10 * 60_000
    await taken(held, after(900, refused))
    expect(warnings).toHaveLength(2)
  })
})

describe('HeldRefusals with many clients', () => {
  const settled = () => new Promise((resolve) => setImmediate(resolve))
  const hold = (held: HeldRefusals, address: string, signal?: AbortSignal) => {
    const answer = held.holdBack(async () => undefined, address, signal && { signal })
    return {
      answer,
      outcome: answer.then(
        () => 'refused',
        (error: RegistryError) => error.code,
      ),
    }
  }

  it('holds them beside each other', async () => {
    const held = refusals({}, standing)
    const answers = ['a', 'b', 'a'].map((address) => hold(held, address))
    await settled()
    expect(waiting.map(({ milliseconds }) => milliseconds)).toEqual([500, 500, 500])
    waiting.forEach(({ end }) => end())
    expect(await Promise.all(answers.map(({ answer }) => answer))).toEqual([undefined, undefined, undefined])
  })

  it('makes no attempt for an address of which too many are held, and for any other one', async () => {
    const held = refusals({ heldOfAddress: 2 }, standing)
    const answers = [hold(held, 'a'), hold(held, 'a')]
    await settled()
    let attempts = 0
    const attempt = async () => {
      attempts += 1
      return ann
    }
    await expect(held.holdBack(attempt, 'a', undefined)).rejects.toMatchObject({
      code: 'TOO_MANY_REQUESTS',
      retryAfterSeconds: 1,
    })
    expect(attempts).toBe(0)
    expect(await held.holdBack(attempt, 'b', undefined)).toBe(ann)
    waiting[0]?.end()
    await answers[0]?.answer
    expect(await held.holdBack(attempt, 'a', undefined)).toBe(ann)
  })

  it('makes no attempt for anybody while too many are held', async () => {
    const held = refusals({ held: 2 }, standing)
    hold(held, 'a')
    hold(held, 'b')
    await settled()
    expect(await hold(held, 'c').outcome).toBe('TOO_MANY_REQUESTS')
    waiting.forEach(({ end }) => end())
    await settled()
    hold(held, 'c')
    await settled()
    expect(waiting).toHaveLength(3)
  })

  it('ends the wait, and frees its place, when the client leaves', async () => {
    const held = refusals({ heldOfAddress: 1 }, standing)
    const leaving = new AbortController()
    const first = hold(held, 'a', leaving.signal)
    await settled()
    expect(await hold(held, 'a').outcome).toBe('TOO_MANY_REQUESTS')
    leaving.abort()
    expect(await first.outcome).toBe('refused')
    hold(held, 'a')
    await settled()
    expect(waiting).toHaveLength(2)
  })
})
