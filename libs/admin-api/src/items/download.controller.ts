import { pipeline } from 'node:stream/promises'
import { Readable } from 'node:stream'
import { hexOf, RegistryError } from '@entrepot/kernel'
import {
  type FileItem,
  type OciRepository,
  parseImageName,
  parseReference,
  type RequestContext,
} from '@entrepot/oci-repository'
import { Controller, Get, Inject, Param, Req, Res } from '@nestjs/common'
import type { Request, Response } from 'express'
import { type AdminApiPorts, adminApiPorts } from '../admin-api-ports.js'
import { type Caller, CurrentCaller } from '../caller.js'
import { Documented } from '../openapi/route-description.js'
import { RequiresLogin } from '../permission.js'
import { VisibleRepositories } from '../visible-repositories.js'
import { itemPathOf, noSuchItem, type PathParts } from './item-path.js'
import { downloadDocs } from './download.docs.js'
import { RequestContexts } from './request-contexts.js'
import { withoutCacheSuffix } from './cache-suffix.js'
import { findSource } from './find-source.js'

const pieceBytes = 256 * 1024

/** Artifactory's "Retrieve Artifact": a manifest or a blob, by the path that the tree of items shows it at. */
@RequiresLogin()
@Controller('artifactory')
export class DownloadController {
  constructor(
    @Inject(adminApiPorts) private readonly ports: AdminApiPorts,
    @Inject(VisibleRepositories) private readonly visible: VisibleRepositories,
    @Inject(RequestContexts) private readonly contexts: RequestContexts,
  ) {}

  @Documented(downloadDocs.download)
  @Get(':repository/*path')
  async download(
    @Param('repository') asked: string,
    @Param('path') parts: PathParts,
    @CurrentCaller() caller: Caller,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    // No repository is called so, and what is not there is no item.
    if (asked === 'api')
      throw new RegistryError('ROUTE_UNKNOWN', `there is no ${request.method} ${request.path}`)
    const path = itemPathOf(asked, parts)
    const key = withoutCacheSuffix(asked, this.ports.repositories)
    const repository = findSource(this.ports, this.visible, caller, key)
    if (repository === undefined) throw noSuchItem(asked, path)
    const context = { ...this.contexts.of(caller, response), metadataOnly: request.method === 'HEAD' }
    const item = await this.ports.content.items.find(repository, path, context)
    if (item === undefined) throw noSuchItem(asked, path)
    if (item.kind === 'folder') {
      throw new RegistryError('REQUEST_INVALID', `${asked}/${path} is a folder: ask for a file in it`)
    }
    const body = await this.bodyOf(repository, item, context)
    if (body === undefined) throw noSuchItem(asked, path)
    response.status(200).set(headersOf(item))
    if (request.method === 'HEAD') response.end()
    else await pipeline(Readable.from(body()), response)
  }

  private async bodyOf(
    repository: OciRepository,
    item: FileItem,
    context: RequestContext,
  ): Promise<(() => AsyncIterable<Buffer> | Iterable<Buffer>) | undefined> {
    const image = parseImageName(item.image)
    if (item.isManifest) {
      const found = await repository.stored.manifest(image, parseReference(item.digest), context)
      return found && (() => [found.value.bytes])
    }
    const found = await repository.reader.blob(image, item.digest, context)
    if (found === undefined) return undefined
    return async function* pieces() {
      const body = await found.value.open({ signal: context.signal })
      try {
        for (;;) {
          const piece = Buffer.allocUnsafe(pieceBytes)
          const length = await body.read(piece)
          if (length === 0) return
          yield piece.subarray(0, length)
        }
      } finally {
        await body.close()
      }
    }
  }
}

/** What somebody pushed is never shown as a page of this server's. */
function headersOf({ name, size, digest, isManifest, mediaType }: FileItem): Record<string, string> {
  return {
    'Content-Type': isManifest ? mediaType : 'application/octet-stream',
    'Content-Length': `${size}`,
    'Content-Disposition': `attachment; filename="${name}"`,
    'X-Content-Type-Options': 'nosniff',
    'Content-Security-Policy': "default-src 'none'; sandbox",
    'X-Artifactory-Filename': name,
    ...(digest.startsWith('sha256:') ? { 'X-Checksum-Sha256': hexOf(digest) } : {}),
  }
}
