import { Validator } from '@seriousme/openapi-schema-validator'
import { IsBoolean, IsEmail, IsOptional } from 'class-validator'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { IsCount, IsFlag, IsOneOf, IsQueryParams, IsTextList } from '../field-rules.js'
import { AdminApiApp } from '../testing/admin-api-app.js'
import { Components } from './components.js'
import { schemaOf } from './dto-schema.js'
import { listOf, object, text, titled } from './json-schema.js'
import type { OpenApiDocument } from './openapi-document.js'

const api = '/artifactory/api'
const nobody = { authorization: undefined }

let app: AdminApiApp
let document: OpenApiDocument
beforeAll(async () => {
  app = await AdminApiApp.start()
  document = (await app.send('GET', `${api}/openapi.json`, undefined, nobody)).json as OpenApiDocument
})
afterAll(() => app.close())

describe('the document', () => {
  it('is valid OpenAPI 3.1', async () => {
    const outcome = await new Validator().validate({ ...document })
    expect(outcome.errors).toBeUndefined()
    expect([outcome.valid, document.openapi]).toEqual([true, '3.1.1'])
  })

  it('is found invalid when it is', async () => {
    const { info: _info, ...rest } = document
    expect((await new Validator().validate(rest)).valid).toBe(false)
  })

  it('is the same as YAML', async () => {
    const { text: yaml, headers } = await app.send('GET', `${api}/openapi.yaml`, undefined, nobody)
    expect(headers.get('content-type')).toBe('application/yaml; charset=utf-8')
    expect(parse(yaml)).toEqual(document)
  })

  it('has references to nothing but what is in it', () => {
    const names = [...JSON.stringify(document).matchAll(/"#\/components\/schemas\/([^"]+)"/g)].map(
      ([, name]) => name,
    )
    expect(names).not.toEqual([])
    expect(Object.keys(document.components.schemas)).toEqual(expect.arrayContaining(names))
  })

  it('names every operation and every place once', () => {
    const operations = Object.values(document.paths).flatMap((path) => Object.values(path))
    const ids = operations.map(({ operationId }) => operationId)
    expect(new Set(ids).size).toBe(ids.length)
    const shapes = Object.keys(document.paths).map((path) => path.replaceAll(/\{\w+\}/g, '{}'))
    expect(new Set(shapes).size).toBe(shapes.length)
  })

  it('tells who may call a route, as the route does', () => {
    const paths = document.paths
    expect(paths['/artifactory/api/repositories/{key}']?.['get']).toMatchObject({
      'x-entrepot-permission': 'login',
      security: [{ basic: [] }, { bearer: [] }, { apiKey: [] }],
    })
    const creation = paths['/artifactory/api/repositories/{key}']?.['put']
    expect(creation?.['x-entrepot-permission']).toBe('administrator')
    expect(Object.keys(creation?.responses ?? {})).toEqual(
      expect.arrayContaining(['200', '400', '401', '403', '409', '413', '415', '429']),
    )
    expect(paths['/artifactory/api/v1/system/liveness']?.['get']?.security).toEqual([])
  })

  it('has the rules of the classes that check bodies', () => {
    expect(document.components.schemas['NewRemoteRepository']).toMatchObject({
      required: ['rclass', 'packageType', 'url'],
      properties: {
        rclass: { enum: ['local', 'remote', 'virtual'] },
        hardFail: { type: 'boolean' },
        environments: { type: 'array', maxItems: 1000, items: { type: 'string', maxLength: 10_000 } },
        socketTimeoutMillis: { type: 'integer', minimum: 1, maximum: 2_147_483_647 },
        contentSynchronisation: {
          properties: { statistics: { properties: { enabled: { type: 'boolean' } } } },
        },
      },
    })
    expect(document.components.schemas['RemoteRepository']?.properties).not.toHaveProperty('password')
  })
})

describe('the page', () => {
  it('consists of files of this server alone, and forbids all else', async () => {
    const page = await app.send('GET', `${api}/docs`, undefined, nobody)
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8'])
    const policy = page.headers.get('content-security-policy') ?? ''
    expect(policy).toContain("default-src 'none'")
    expect(policy).not.toMatch(/unsafe|https?:|\*/)
    expect(page.text).not.toMatch(/https?:|<style|style=|<script>|\son\w+=/)
    const files = [...page.text.matchAll(/(?:src|href)="(docs\/[^"]+)"/g)].map(([, file]) => file)
    expect(files).toHaveLength(4)
    for (const file of files) {
      const asset = await app.send('GET', `${api}/${file}`, undefined, nobody)
      expect([file, asset.status, asset.headers.get('x-content-type-options')]).toEqual([
        file,
        200,
        'nosniff',
      ])
      expect(asset.text.length).toBeGreaterThan(100)
    }
  })

  it('is not sent again when it is the same', async () => {
    const first = await app.send('GET', `${api}/docs/swagger-ui.css`, undefined, nobody)
    const headers = { 'if-none-match': first.headers.get('etag') ?? '', 'cache-control': 'max-age=0' }
    const again = await app.send('GET', `${api}/docs/swagger-ui.css`, undefined, { ...nobody, headers })
    expect([again.status, again.text]).toEqual([304, ''])
  })

  it('has no slash at its end, which its addresses would not fit', async () => {
    const answer = await app.send('GET', `${api}/docs/`, undefined, nobody)
    expect([answer.status, answer.headers.get('location')]).toEqual([308, '../docs'])
  })

  it.each(['index.html', 'package.json', 'swagger-ui-bundle.js.map', '..%2Fpackage.json', 'toString'])(
    'is nothing of the package but what it needs: not %s',
    async (file) => {
      expect((await app.send('GET', `${api}/docs/${file}`, undefined, nobody)).status).toBe(404)
    },
  )
})

describe('the schema of a class', () => {
  class SampleDto {
    @IsFlag() enabled?: boolean
    @IsCount(1, 5) attempts?: number
    @IsTextList() names?: string[]
    @IsOneOf(['a', 'b']) kind?: string
    @IsQueryParams() query?: string
    @IsBoolean() needed!: boolean
  }

  it('says what its rules say', () => {
    expect(schemaOf(SampleDto, { required: ['kind'], without: ['query'], with: { more: text } })).toEqual({
      title: 'Sample',
      type: 'object',
      properties: {
        enabled: { type: 'boolean' },
        attempts: { type: 'integer', minimum: 1, maximum: 5 },
        names: {
          type: 'array',
          maxItems: 1000,
          uniqueItems: true,
          items: { type: 'string', maxLength: 10_000 },
        },
        kind: { enum: ['a', 'b'] },
        needed: { type: 'boolean' },
        more: text,
      },
      required: ['needed', 'kind'],
    })
    const all = schemaOf(SampleDto, { required: 'all', optional: ['kind'] })
    expect(all.required).toEqual(['enabled', 'attempts', 'names', 'query', 'needed'])
  })

  it('is refused where a rule has no words, or a pattern has flags', () => {
    class OddDto {
      @IsOptional() @IsEmail() mail?: string
    }
    expect(() => schemaOf(OddDto)).toThrow('the rule isEmail of OddDto.mail has no words')
  })
})

describe('components', () => {
  it('are written once, wherever they are used', () => {
    const components = new Components()
    const leaf = titled('Leaf', object({ name: text }))
    const schema = components.add(
      listOf(titled('Branch', object({ leaf }, { other: { anyOf: [leaf, text] } }))),
    )
    expect(schema).toEqual({ type: 'array', items: { $ref: '#/components/schemas/Branch' } })
    expect(Object.keys(components.schemas)).toEqual(['Branch', 'Leaf'])
    expect(() => components.add(titled('Leaf', text))).toThrow('two schemas have the title Leaf')
  })
})
