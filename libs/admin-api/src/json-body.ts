import type { IncomingMessage } from 'node:http'
import { RegistryError } from '@entrepot/kernel'
import {
  createParamDecorator,
  type ExecutionContext,
  PayloadTooLargeException,
  UnsupportedMediaTypeException,
} from '@nestjs/common'
import { HeldBytes } from './held-bytes.js'
import { checkContent } from './http/check-content.js'
import type { JsonObject } from './http/json-object.js'
import { parseYaml } from './http/yaml-text.js'

export type { JsonObject } from './http/json-object.js'

const maximumBytes = 1024 * 1024

/** Of a build-info, which lists every file that a build made or used. */
const maximumLargeBytes = 16 * 1024 * 1024

const largeBodies = new HeldBytes(4 * maximumLargeBytes)

const maximumObjects = 1000

/**
 * The request's body as a JSON object. It is read here, after the guard, and not by a parser in front of the routes: who is
 * not logged in can't make the server parse anything, and no parser can touch the manifests of `/v2`.
 */
export const JsonBody = createParamDecorator((_data: unknown, context: ExecutionContext) =>
  readJsonObject(context.switchToHttp().getRequest<IncomingMessage>()),
)

/**
 * As `JsonBody`, of up to 16 MiB. Only so many bytes of such bodies are held at once, whoever sends them: for one too many
 * the client is told to come back.
 */
export const LargeJsonBody = createParamDecorator(async (_data: unknown, context: ExecutionContext) => {
  const request = context.switchToHttp().getRequest<IncomingMessage>()
  return largeBodies.hold((grow) => readJsonObject(request, { maximum: maximumLargeBytes, grow }))
})

/**
 * As `JsonBody`, or an HTML form's coding, as OAuth 2.0 has it (RFC 6749 section 3.2): every field is text then.
 */
export const JsonOrFormBody = createParamDecorator((_data: unknown, context: ExecutionContext) => {
  const request = context.switchToHttp().getRequest<IncomingMessage>()
  return mediaTypeOf(request) === formType ? readForm(request) : readJsonObject(request)
})

/** As a JSON list of texts. */
export const JsonTexts = createParamDecorator(async (_data: unknown, context: ExecutionContext) => {
  const body = await readJson(context.switchToHttp().getRequest<IncomingMessage>())
  if (!Array.isArray(body) || !body.every((one) => typeof one === 'string')) {
    throw invalid('the body is not a JSON list of texts')
  }
  return body
})

/** As a JSON list of objects, of which there may be a thousand. */
export const JsonObjects = createParamDecorator(async (_data: unknown, context: ExecutionContext) => {
  const body = await readJson(context.switchToHttp().getRequest<IncomingMessage>())
  if (!Array.isArray(body) || !body.every(isObject)) throw invalid('the body is not a JSON list of objects')
  if (body.length > maximumObjects) {
    throw invalid(`the body lists ${body.length} objects, expected at most ${maximumObjects}`)
  }
  return body
})

/**
 * The request's body as text of one of these media types.
 * @throws RegistryError REQUEST_INVALID; HttpException 413 over 1 MiB, 415 for another media type or a content coding
 */
export async function readText(
  request: IncomingMessage,
  mediaTypes: readonly string[],
): Promise<{ readonly mediaType: string; readonly text: string }> {
  const mediaType = mediaTypeOf(request)
  if (!mediaTypes.includes(mediaType)) {
    throw new UnsupportedMediaTypeException(
      `Content-Type is ${JSON.stringify(mediaType.slice(0, 100))}, expected ${mediaTypes.join(' or ')}`,
    )
  }
  checkCoding(request)
  return { mediaType, text: decode(await readBytes(request)) }
}

/** As plain text. */
export const TextBody = createParamDecorator(async (_data: unknown, context: ExecutionContext) => {
  const { text } = await readText(context.switchToHttp().getRequest<IncomingMessage>(), ['text/plain'])
  return text
})

/** As plain text, which is also what a body without a type is taken for. */
export const QueryBody = createParamDecorator(async (_data: unknown, context: ExecutionContext) => {
  const request = context.switchToHttp().getRequest<IncomingMessage>()
  const mediaType = mediaTypeOf(request)
  if (mediaType !== '' && mediaType !== 'text/plain') {
    throw new UnsupportedMediaTypeException(
      `Content-Type is ${JSON.stringify(mediaType.slice(0, 100))}, expected text/plain`,
    )
  }
  checkCoding(request)
  return decode(await readBytes(request))
})

/** As YAML: an object of text, numbers and flags, without aliases. */
export const YamlBody = createParamDecorator(async (_data: unknown, context: ExecutionContext) => {
  const request = context.switchToHttp().getRequest<IncomingMessage>()
  const mediaType = mediaTypeOf(request)
  if (!yamlTypes.has(mediaType)) {
    throw new UnsupportedMediaTypeException(
      `Content-Type is ${JSON.stringify(mediaType.slice(0, 100))}, expected application/yaml`,
    )
  }
  checkCoding(request)
  const body = parseYaml(decode(await readBytes(request)), { aliases: 0 })
  if (!isObject(body)) throw invalid('the body is not a YAML mapping')
  return body
})

const yamlTypes = new Set(['application/yaml', 'application/x-yaml', 'text/yaml', 'text/x-yaml'])

const formType = 'application/x-www-form-urlencoded'

async function readForm(request: IncomingMessage): Promise<JsonObject> {
  checkCoding(request)
  const fields = new URLSearchParams(decode(await readBytes(request)))
  const twice = [...fields.keys()].find((name, at, names) => names.indexOf(name) !== at)
  if (twice !== undefined) throw invalid(`${twice.slice(0, 100)} is given more than once, expected one value`)
  const body = Object.fromEntries(fields)
  checkContent(body)
  return body
}

/** @throws RegistryError REQUEST_INVALID */
export function parseJsonObject(text: string): JsonObject {
  const body = parse(text)
  checkContent(body)
  if (!isObject(body)) throw invalid('the body is not a JSON object')
  return body
}

/** @throws RegistryError REQUEST_INVALID; HttpException 413 over 1 MiB, 415 for another media type or a content coding */
export async function readJsonObject(
  request: IncomingMessage,
  limit: BodyLimit = usualLimit,
): Promise<JsonObject> {
  const body = await readJson(request, limit)
  if (!isObject(body)) throw invalid('the body is not a JSON object')
  return body
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

async function readJson(request: IncomingMessage, limit: BodyLimit = usualLimit): Promise<unknown> {
  checkMediaType(request)
  const body = parse(decode(await readBytes(request, limit)))
  checkContent(body)
  return body
}

/** Nothing but JSON: a form that another site makes a browser send can't claim to be that without a CORS preflight. */
function checkMediaType(request: IncomingMessage): void {
  const mediaType = mediaTypeOf(request)
  if (mediaType !== 'application/json' && !/^application\/[\w.-]+\+json$/.test(mediaType)) {
    throw new UnsupportedMediaTypeException(
      `Content-Type is ${JSON.stringify(mediaType.slice(0, 100))}, expected application/json`,
    )
  }
  checkCoding(request)
}

function mediaTypeOf(request: IncomingMessage): string {
  return (request.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? ''
}

function checkCoding(request: IncomingMessage): void {
  const coding = request.headers['content-encoding'] ?? 'identity'
  if (coding.toLowerCase() === 'identity') return
  throw new UnsupportedMediaTypeException('Content-Encoding is not supported here: send the body as it is')
}

interface BodyLimit {
  /** In bytes. */
  readonly maximum: number
  /** Told of each part that came; what it throws ends the reading. */
  readonly grow: (bytes: number) => void
}

const usualLimit: BodyLimit = { maximum: maximumBytes, grow: () => undefined }

function readBytes(request: IncomingMessage, { maximum, grow }: BodyLimit = usualLimit): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    let isRefused = false
    request.on('data', (chunk: Buffer) => {
      if (isRefused) return
      size += chunk.length
      try {
        if (size > maximum) throw new PayloadTooLargeException(`the body is longer than ${maximum} bytes`)
        grow(chunk.length)
        chunks.push(chunk)
      } catch (error) {
        isRefused = true
        // The rest, however long, is left where it is; the connection ends with the answer.
        request.pause()
        reject(error)
      }
    })
    request.on('end', () => resolve(Buffer.concat(chunks)))
    request.on('close', () => reject(invalid('the body stopped half-way')))
    request.on('error', (cause) => reject(invalid('the body stopped half-way', cause)))
  })
}

/** The parser's own message quotes the text, which may be a password; its position is enough. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch (error) {
    if (error instanceof SyntaxError) {
      const position = /at position \d+/.exec(error.message)?.[0]
      throw invalid(
        position === undefined ? 'the body is not valid JSON' : `the body is not valid JSON ${position}`,
      )
    }
    throw error
  }
}

function decode(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (error) {
    if (error instanceof TypeError) throw invalid('the body is not UTF-8')
    throw error
  }
}

function invalid(message: string, cause?: unknown): RegistryError {
  return new RegistryError('REQUEST_INVALID', message, { cause })
}
