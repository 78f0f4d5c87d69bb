import { describe, expect, it } from 'vitest'
import { PinoLogger } from './pino-logger.js'

const canary = 'canary-7f3a9c'

function capture(level: 'debug' | 'warn' = 'debug') {
  const lines: string[] = []
  const logger = PinoLogger.to({ write: (line) => void lines.push(line) }, level)
  return { logger, lines, last: () => JSON.parse(lines.at(-1) ?? '{}') as Record<string, unknown> }
}

describe('the log', () => {
  it('is one line of JSON with level, time, fields and message', () => {
    const { logger, last } = capture()
    logger.child({ requestId: 'r1' }).info({ repository: 'docker-local' }, 'manifest stored')
    expect(last()).toMatchObject({
      level: 'info',
      requestId: 'r1',
      repository: 'docker-local',
      msg: 'manifest stored',
    })
    expect(last()['time']).toMatch(/^\d{4}-\d\d-\d\dT/)
  })

  it.each([
    { authorization: `Bearer ${canary}` },
    { req: { headers: { Authorization: canary, cookie: canary, 'set-cookie': [canary] } } },
    { password: canary, oldPassword: canary, passwd: canary },
    { token: canary, access_token: canary, refreshToken: canary },
    { config: { username: 'u', password: canary }, clientSecret: canary, apiKey: canary, masterKey: canary },
    { list: [{ credentials: { user: canary } }] },
    { url: `https://user:${canary}@registry.example/v2/` },
    { database: `postgresql://entrepot:${canary}@db/entrepot` },
    { header: `Basic ${canary}` },
    { err: new Error(`GET https://u:${canary}@host/ failed`) },
    { err: new Error('outer', { cause: new Error(`bearer ${canary} refused`) }) },
    { err: Object.assign(new Error('request failed'), { headers: { authorization: canary }, body: canary }) },
    { err: new AggregateError([new Error(`https://u:${canary}@host`)], 'all failed') },
  ])('never shows the secret of %o', (fields) => {
    const { logger, lines } = capture()
    logger.info(fields, 'something happened')
    logger.child(fields).warn({}, 'something happened')
    expect(lines).toHaveLength(2)
    expect(lines.join('')).not.toContain(canary)
  })

  it('never shows a secret in its message', () => {
    const { logger, lines } = capture()
    logger.warn({}, `upstream https://robot:${canary}@registry.example said no to Bearer ${canary}`)
    expect(lines.join('')).not.toContain(canary)
    expect(lines.join('')).toContain('registry.example said no')
  })

  it('tells an error with its type, code, stack and causes', () => {
    const { logger, last } = capture()
    const cause = Object.assign(new Error('connect refused'), { code: 'ECONNREFUSED' })
    logger.error({ err: new TypeError('upstream down', { cause }) }, 'fill failed')
    expect(last()['err']).toMatchObject({
      type: 'TypeError',
      message: 'upstream down',
      cause: { message: 'connect refused', code: 'ECONNREFUSED' },
    })
  })

  it('survives what refers to itself, bytes, and text that would forge a line', () => {
    const { logger, lines, last } = capture()
    const loop: Record<string, unknown> = {}
    loop['self'] = loop
    logger.info({ loop, bytes: Buffer.from('abc'), name: 'a"\n{"level":"fatal"}' }, 'odd')
    expect(lines).toHaveLength(1)
    expect(lines[0]?.trimEnd()).not.toContain('\n')
    expect(last()['bytes']).toBe('[3 bytes]')
  })

  it('leaves out what is below its level', () => {
    const { logger, lines } = capture('warn')
    logger.debug({}, 'no')
    logger.info({}, 'no')
    logger.warn({}, 'yes')
    expect(lines).toHaveLength(1)
  })
})
