import { describe, expect, it } from 'vitest'
import { adminRouteNames, registryRouteNames, requireRowForEach } from './server-routes.js'

describe('the routes that the rights matrix is generated from', () => {
  it('are those of the table of /v2', () => {
    expect(registryRouteNames()).toEqual(
      expect.arrayContaining(['GET manifest', 'PATCH upload', 'GET token']),
    )
    expect(registryRouteNames().length).toBeGreaterThanOrEqual(19)
  })

  it('are those of all controllers of the application', () => {
    expect(adminRouteNames()).toEqual(
      expect.arrayContaining([
        'GET /artifactory/api/repositories/:key',
        'PUT /artifactory/api/v2/security/permissions/:name',
        'ALL /access/*path',
      ]),
    )
  })

  it('fail by name when nothing is said about one', () => {
    const routes = [...registryRouteNames(), 'GET planted']
    expect(() => requireRowForEach(routes, registryRouteNames())).toThrow('says nothing about: GET planted')
    const admin = [...adminRouteNames(), 'POST /artifactory/api/planted/:name']
    expect(() => requireRowForEach(admin, adminRouteNames())).toThrow('POST /artifactory/api/planted/:name')
  })

  it('fail by name when a row has outlived its route', () => {
    expect(() => requireRowForEach(registryRouteNames(), [...registryRouteNames(), 'GET gone'])).toThrow(
      'GET gone',
    )
  })
})
