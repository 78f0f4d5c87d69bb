import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { AdminApiApp, errorsOf } from './testing/admin-api-app.js'

const base = '/artifactory/api/repositories'
const local = { rclass: 'local', packageType: 'docker' }
const remote = { rclass: 'remote', packageType: 'docker', url: 'https://registry-1.docker.io' }
const virtual = { rclass: 'virtual', packageType: 'docker' }

let app: AdminApiApp
beforeEach(async () => {
  app = await AdminApiApp.start()
})
afterEach(() => app.close())

describe('a wrong configuration is refused with 400, stores nothing, and learns field, value and what is allowed:', () => {
  it.each([
    ['no rclass', { packageType: 'docker' }, 'rclass is missing, expected "local", "remote", "virtual"'],
    ['no packageType', { rclass: 'local' }, 'packageType is missing, expected "docker"'],
    ['a null rclass', { ...local, rclass: null }, 'rclass is missing'],
    ['another rclass', { ...local, rclass: 'federated' }, 'rclass is "federated", expected "local"'],
    ['rclass of a prototype', { ...local, rclass: 'constructor' }, 'rclass is "constructor"'],
    ['rclass of another type', { ...local, rclass: ['local'] }, 'rclass is ["local"]'],
    ['another packageType', { ...local, packageType: 'maven' }, 'packageType is "maven", expected "docker"'],
    ['packageType oci', { ...local, packageType: 'oci' }, 'which holds OCI artifacts of every type'],
    ['another key', { ...local, key: 'other' }, 'key is "other", expected "new"'],
    ['a flag as text', { ...local, blackedOut: 'yes' }, 'blackedOut is "yes", expected true or false'],
    ['a flag as number', { ...local, xrayIndex: 1 }, 'xrayIndex is 1, expected true or false'],
    ['text as object', { ...local, description: { name: 1 } }, 'description is {"name":1}, expected text'],
    ['long text', { ...local, notes: 'n'.repeat(10_001) }, 'expected text of at most 10000 characters'],
    ['a list as text', { ...local, environments: 'DEV' }, 'environments is "DEV", expected a list'],
    ['a list of numbers', { ...local, propertySets: [1] }, 'propertySets is [1], expected a list'],
    [
      'a list of objects that look like something else',
      { ...local, environments: [{ constructor: 'x', __proto__: null }] },
      'environments is ',
    ],
    [
      'a negative period',
      { ...remote, retrievalCachePeriodSecs: -1 },
      'retrievalCachePeriodSecs is -1, expected',
    ],
    [
      'a broken period',
      { ...remote, missedRetrievalCachePeriodSecs: 1.5 },
      'is 1.5, expected a whole number',
    ],
    ['a period as text', { ...remote, assumedOfflinePeriodSecs: '300' }, 'is "300", expected a whole number'],
    ['a period beyond reason', { ...remote, retrievalCachePeriodSecs: 1e300 }, 'is 1e+300, expected'],
    ['no time at all', { ...remote, socketTimeoutMillis: 0 }, 'socketTimeoutMillis is 0, expected'],
    ['a timer that Node can not wait', { ...remote, socketTimeoutMillis: 2 ** 31 }, 'from 1 to 2147483647'],
    [
      'dockerApiVersion',
      { ...local, dockerApiVersion: 'V3' },
      'dockerApiVersion is "V3", expected "V1", "V2"',
    ],
    ['no url', { rclass: 'remote', packageType: 'docker' }, 'url is missing'],
    ['an empty url', { ...remote, url: '' }, 'url is "", expected an address such as'],
    [
      'a url of another scheme',
      { ...remote, url: 'ftp://x' },
      'url is "ftp://x", expected an address such as',
    ],
    ['a url as number', { ...remote, url: 7 }, 'url is 7, expected an address such as'],
    [
      'a url with credentials',
      { ...remote, url: 'https://u:canary@x' },
      'url is "https://x", expected an address',
    ],
    [
      'a url with a query',
      { ...remote, url: 'https://x?t=canary' },
      'url is "https://x", expected an address',
    ],
    [
      'a user name with a colon',
      { ...remote, username: 'a:b' },
      'username is "a:b", expected text without colon',
    ],
    [
      'a password of another type',
      { ...remote, password: ['canary'] },
      'password is not acceptable, expected',
    ],
    [
      'a password with a line feed',
      { ...remote, password: 'canary\n' },
      'password is not acceptable, expected',
    ],
    [
      'synchronisation as flag',
      { ...remote, contentSynchronisation: true },
      'contentSynchronisation is true',
    ],
    [
      'synchronisation of another shape',
      { ...remote, contentSynchronisation: { statistics: { enabled: 'x' } } },
      'expected an object such as {"enabled":false',
    ],
    [
      'query parameters with a space',
      { ...remote, queryParams: 'a=canary b' },
      'queryParams is not acceptable',
    ],
    ['query parameters with a fragment', { ...remote, queryParams: 'a=1#b' }, 'expected names and values'],
    ['query parameters with half a code', { ...remote, queryParams: 'a=%2' }, 'expected names and values'],
    ['a member that is not there', { ...virtual, repositories: ['ghost'] }, '"ghost", which does not exist'],
    ['a member key that can not be', { ...virtual, repositories: ['../x'] }, 'repository key "../x"'],
    ['a member twice', { ...virtual, repositories: ['other', 'other'] }, 'repositories is ["other","other"]'],
    ['itself as member', { ...virtual, repositories: ['new'] }, 'would contain itself: new -> new'],
    [
      'a remote as deployment target',
      { ...virtual, repositories: ['hub'], defaultDeploymentRepo: 'hub' },
      'defaultDeploymentRepo hub is remote, expected a local repository',
    ],
    [
      'a deployment target that is no member',
      { ...virtual, repositories: ['hub'], defaultDeploymentRepo: 'other' },
      'defaultDeploymentRepo other is no member of virtual repository new: put it into repositories as well',
    ],
  ])('%s', async (_what, body, message) => {
    await app.put('other', local)
    await app.put('hub', remote)
    const answer = await app.put('new', body)
    expect(answer.status).toBe(400)
    expect(errorsOf(answer).join('\n')).toContain(message)
    expect(answer.text).not.toContain('canary')
    expect(app.repositories.find('new')).toBeUndefined()
  })

  it('every wrong field at once', async () => {
    const answer = await app.put('new', { ...local, blackedOut: 'yes', notes: 7, environments: {} })
    const fields = errorsOf(answer).map((message) => message.split(' ')[0])
    expect(new Set(fields)).toEqual(new Set(['environments', 'notes', 'blackedOut']))
    expect(fields).toHaveLength(3)
  })

  it.each(['Docker', 'v2', '_x', 'a%20b', 'x'.repeat(65), '%2e%2e', 'a%2Fb', 'a%00b', '%E4%BD%A0'])(
    'the key %s',
    async (key) => {
      expect(await app.sendPath('PUT', `${base}/${key}`)).toBe(415)
      const answer = await app.put(key, local)
      expect([400, 404]).toContain(answer.status)
      expect(app.repositories.all()).toEqual([])
    },
  )
})
