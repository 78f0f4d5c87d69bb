import { Validator } from '@seriousme/openapi-schema-validator'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { adminRouteNames } from '../access/matrix/server-routes.js'
import { Entrepot } from '../support/entrepot.js'

const api = '/artifactory/api'

interface Described {
  readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>
}

let server: Entrepot
beforeAll(async () => {
  server = await Entrepot.start()
})
afterAll(() => server.dispose())

/** As somebody who has not logged in. */
const get = (path: string) => fetch(new URL(path, `${server.url}${api}/`), { redirect: 'manual' })

describe('the description of the API, of a server that runs', () => {
  it('is valid, the same as JSON and YAML, and has every route of the server', async () => {
    const json = await get('openapi.json')
    expect([json.status, json.headers.get('content-type')]).toEqual([200, 'application/json; charset=utf-8'])
    const document = (await json.json()) as Described
    expect(await new Validator().validate({ ...document })).toMatchObject({ valid: true })
    expect(parse(await (await get('openapi.yaml')).text())).toEqual(document)
    const described = Object.entries(document.paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
    )
    const mounted = adminRouteNames().filter((route) => !route.startsWith('ALL '))
    expect(described.toSorted()).toEqual(
      mounted.map((route) => route.replaceAll(/[:*](\w+)/g, '{$1}')).toSorted(),
    )
  })

  it('is shown by a page of which every part comes from the server', async () => {
    const page = await get('docs')
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8'])
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'")
    const html = await page.text()
    const addresses = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, address = '']) => address)
    expect(addresses).toEqual(
      expect.arrayContaining(['docs/swagger-ui-bundle.js', 'docs/swagger-ui.css', 'docs/start.js']),
    )
    for (const address of addresses) {
      const { origin, pathname } = new URL(address, `${server.url}${api}/docs`)
      expect([origin, pathname.startsWith(`${api}/`)]).toEqual([server.url, true])
      expect([address, (await get(address)).status]).toEqual([address, 200])
    }
    expect(await (await get('docs/start.js')).text()).toContain("url: 'openapi.json'")
    expect((await get('docs/index.html')).status).toBe(404)
    const slash = await get('docs/')
    expect(new URL(slash.headers.get('location') ?? '', slash.url).pathname).toBe(`${api}/docs`)
  })
})
