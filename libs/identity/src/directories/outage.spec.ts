import { RegistryError } from '@entrepot/kernel'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { companyDirectory, FakeLdapServer, suffix, TcpListener } from '../testing/index.js'
import { RecordingDirectoryObserver } from '../testing/recording-directory-observer.js'
import { RecordingLogger } from '../testing/recording-logger.js'
import { LdapDirectory } from './ldap-directory.js'
import { DirectoryDown, Outage } from './outage.js'

const clock = { time: 1_000_000, now: () => clock.time }
let outage: Outage
let asked: number

beforeEach(() => {
  clock.time = 1_000_000
  outage = new Outage('corp', clock)
  asked = 0
})

const answer = () =>
  outage.ask(async () => {
    asked += 1
    return 'answer'
  })
const fail = (error: Error = new DirectoryDown('nobody is there', 10)) =>
  outage.ask(async () => {
    asked += 1
    throw error
  })
const down = { code: 'UNAVAILABLE' }

describe('Outage', () => {
  it('asks again after a pause of five seconds only', async () => {
    await expect(fail()).rejects.toMatchObject({ ...down, retryAfterSeconds: 10 })
    await expect(answer()).rejects.toMatchObject({ ...down, retryAfterSeconds: 5 })
    clock.time += 4999
    await expect(answer()).rejects.toMatchObject({ ...down, retryAfterSeconds: 1 })
    expect(asked).toBe(1)
    clock.time += 1
    expect(await answer()).toBe('answer')
    expect(await answer()).toBe('answer')
    expect(asked).toBe(3)
  })

  it('pauses again when the first question after it fails too', async () => {
    await expect(fail()).rejects.toBeInstanceOf(DirectoryDown)
    clock.time += 5000
    await expect(fail()).rejects.toMatchObject({ retryAfterSeconds: 10 })
    await expect(answer()).rejects.toMatchObject({ retryAfterSeconds: 5 })
    expect(asked).toBe(2)
  })

  it('lets one question try after the pause, and refuses the others till it has an answer', async () => {
    await expect(fail()).rejects.toBeInstanceOf(DirectoryDown)
    clock.time += 5000
    const first = Promise.withResolvers<string>()
    const trying = outage.ask(() => first.promise)
    await expect(answer()).rejects.toMatchObject({ ...down, retryAfterSeconds: 1 })
    await expect(answer()).rejects.toMatchObject(down)
    expect(asked).toBe(1)
    first.resolve('there')
    expect(await trying).toBe('there')
    expect(await answer()).toBe('answer')
  })

  it('asks at once for all who ask at one time, as long as nobody knows that it is down', async () => {
    const all = await Promise.allSettled([fail(), fail(), fail()])
    expect(all.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])
    expect(asked).toBe(3)
  })

  it('does not pause for a failure that began before somebody was answered', async () => {
    const slow = Promise.withResolvers<string>()
    const failing = outage.ask(() => slow.promise)
    expect(await answer()).toBe('answer')
    slow.reject(new DirectoryDown('late', 10))
    await expect(failing).rejects.toMatchObject(down)
    expect(await answer()).toBe('answer')
  })

  it('does not pause when somebody was reached who gave no good answer', async () => {
    await expect(fail(new RegistryError('UNAVAILABLE', 'the groups can not be read'))).rejects.toMatchObject(
      down,
    )
    expect(await answer()).toBe('answer')
    await expect(fail()).rejects.toBeInstanceOf(DirectoryDown)
    clock.time += 5000
    await expect(fail(new Error('ours'))).rejects.toThrow('ours')
    expect(await answer()).toBe('answer')
  })

  it('does not pause for longer when the clock is set back', async () => {
    await expect(fail()).rejects.toBeInstanceOf(DirectoryDown)
    clock.time -= 3_600_000
    expect(await answer()).toBe('answer')
  })
})

describe('a directory with one server', () => {
  let observer: RecordingDirectoryObserver
  beforeEach(() => {
    observer = new RecordingDirectoryObserver()
  })

  const stops: (() => Promise<void>)[] = []
  afterEach(async () => {
    for (const stop of stops.splice(0)) await stop()
  })

  const over = (port: number) => {
    const settings = companyDirectory([`ldap://127.0.0.1:${port}/${suffix}`], {
      connectTimeoutMilliseconds: 300,
      readTimeoutMilliseconds: 300,
    })
    return new LdapDirectory(settings, [], clock, new RecordingLogger(), observer)
  }

  it('that is silent is waited for once, and not by everybody', async () => {
    const silent = await TcpListener.start(() => undefined)
    stops.push(() => silent.stop())
    const directory = over(silent.port)
    await expect(directory.lookUp('alice')).rejects.toMatchObject(down)
    const begin = performance.now()
    const questions = Array.from({ length: 20 }, (_, index) => directory.lookUp(`user-${index}`))
    const logins = [directory.verify({ username: 'alice', password: 'secret1' })]
    for (const one of await Promise.allSettled([...questions, ...logins])) {
      expect(one).toMatchObject({ status: 'rejected', reason: { ...down, retryAfterSeconds: 5 } })
    }
    expect(performance.now() - begin).toBeLessThan(250)
    expect(silent.accepted).toBe(1)
    expect(observer.servers).toEqual([`corp 127.0.0.1:${silent.port} down`])
    expect(observer.questions).toEqual(Array.from({ length: 22 }, () => 'corp failed'))
    clock.time += 5000
    await Promise.allSettled([directory.lookUp('alice'), directory.lookUp('bob')])
    expect(silent.accepted).toBe(2)
    expect(observer.servers).toHaveLength(2)
  })

  it('that fails at one search goes on being asked for the others', async () => {
    const searched: string[] = []
    const server = await FakeLdapServer.start((request) => {
      if (request.kind === 'bind') return {}
      searched.push(request.filter)
      return request.filter.includes('heavy') ? { code: 51, message: 'busy' } : { entries: [] }
    })
    stops.push(() => server.stop())
    const directory = over(server.port)
    await expect(directory.lookUp('heavy')).rejects.toMatchObject(down)
    expect(await directory.lookUp('alice')).toBeUndefined()
    expect(searched).toHaveLength(2)
    expect(observer.questions).toEqual(['corp failed', 'corp answered'])
    expect(observer.servers).toEqual(['down', 'up'].map((seen) => `corp 127.0.0.1:${server.port} ${seen}`))
  })
})
