import { afterAll, beforeAll, describe } from 'vitest'
import { adminPassword, Entrepot } from '../support/entrepot.js'
import { registerBlobMatrix, registerMountsFrom } from './matrix/blob-matrix.js'
import { registerDataMatrix } from './matrix/data-matrix.js'
import { makeDataSets, makeSmokeSets } from './matrix/data-sets.js'
import { registerPushErrors, registerReadErrors, registerRefusedPushes } from './matrix/error-matrix.js'
import { Preload } from './matrix/read-only-matrix.js'
import { Target, type Server, type TargetOptions } from './matrix/target.js'

/**
 * The checks of the official OCI conformance program, written from the specification: it can't be fetched
 * everywhere, and it knows neither a remote repository's cold cache nor more than one way of addressing.
 */
let entrepot: Entrepot
let upstream: Entrepot
const targets: Target[] = []

const serverOf = (started: () => Entrepot) => (): Server => ({
  port: started().port,
  user: 'admin',
  password: adminPassword,
})

function open(options: TargetOptions): Target {
  const target = new Target(
    options,
    serverOf(() => entrepot),
  )
  targets.push(target)
  return target
}

const source = new Target(
  { key: 'docker-local', login: 'Basic', folder: 'shared' },
  serverOf(() => upstream),
)
const second = open({ key: 'second', login: 'Basic', folder: 'mounts' })
const preload = new Preload(makeDataSets('upstream'), 'upstream')
const smoke = new Set(makeSmokeSets('upstream').map(({ title }) => title))

beforeAll(async () => {
  ;[entrepot, upstream] = await Promise.all([Entrepot.start(), Entrepot.start()])
  const remote = {
    rclass: 'remote',
    url: `${upstream.url}/artifactory/api/docker/docker-local`,
    username: 'admin',
    password: adminPassword,
  }
  await entrepot.createRepository('mirror', remote)
  const nothing = `${upstream.url}/artifactory/api/docker/nothing`
  await upstream.createRepository('nothing', { rclass: 'local' })
  await entrepot.createRepository('mirror-of-nothing', { ...remote, url: nothing })
  await entrepot.createRepository('mirror-of-virtual', remote)
  await entrepot.createRepository('second', { rclass: 'local' })
  await entrepot.createRepository('over', {
    rclass: 'virtual',
    repositories: ['docker-local', 'mirror-of-nothing'],
    defaultDeploymentRepo: 'docker-local',
  })
  await entrepot.createRepository('over-mirror', {
    rclass: 'virtual',
    repositories: ['second', 'mirror-of-virtual'],
  })
  await preload.push(source)
})
afterAll(async () => {
  for (const target of [source, ...targets]) target.close()
  await Promise.all([entrepot?.dispose(), upstream?.dispose()])
})

/** Every check, by both logins. */
for (const key of ['docker-local', 'over'])
  for (const login of ['Basic', 'Bearer'] as const) {
    const target = open({ key, login, folder: `${key}-${login.toLowerCase()}` })
    describe(target.title, () => {
      registerReadErrors(target)
      registerBlobMatrix(target)
      registerMountsFrom(second, target)
      registerDataMatrix(target, makeDataSets(target.title))
      registerPushErrors(target)
    })
  }

/** The other ways to address them: every push of a blob, and a few data sets. */
for (const [key, address, login] of [
  ['docker-local', 'prefix', 'Bearer'],
  ['docker-local', 'host', 'Basic'],
  ['docker-local', 'host', 'Bearer'],
  ['over', 'prefix', 'Basic'],
  ['over', 'host', 'Bearer'],
] as const) {
  const target = open({ key, login, address, folder: `${key}-${address}-${login.toLowerCase()}` })
  describe(target.title, () => {
    registerReadErrors(target)
    registerBlobMatrix(target)
    registerDataMatrix(target, makeSmokeSets(target.title))
  })
}

/** What an upstream has: the first login reads a cold cache, the others a warm one. */
for (const key of ['mirror', 'over-mirror']) {
  for (const login of ['Basic', 'Bearer'] as const) {
    const target = open({ key, login, folder: 'shared' })
    describe(target.title, () => {
      preload.register(target)
      registerReadErrors(target)
      registerRefusedPushes(target)
    })
  }
  for (const address of ['prefix', 'host'] as const) {
    const target = open({ key, login: 'Bearer', address, folder: 'shared' })
    describe(target.title, () => {
      preload.register(
        target,
        preload.sets.filter(({ title }) => smoke.has(title)),
      )
    })
  }
}
