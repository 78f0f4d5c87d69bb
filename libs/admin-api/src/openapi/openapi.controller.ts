import { Controller, Get, Header, Inject, NotFoundException, Param, Req, Res } from '@nestjs/common'
import type { Request, Response } from 'express'
import { Public } from '../permission.js'
import { assetFolder, assets, page, pageHeaders, startScript } from './docs-page.js'
import { openApiDocs } from './openapi.docs.js'
import { PublishedDocument } from './published-document.js'
import { Documented } from './route-description.js'

/**
 * The description of this API and a page to browse it. Open to everybody: it tells of the product and nothing of the server
 * that it comes from, not even its version, and tools that make clients of it come without credentials.
 */
@Public()
@Controller('artifactory/api')
export class OpenApiController {
  constructor(@Inject(PublishedDocument) private readonly document: PublishedDocument) {}

  @Documented(openApiDocs.json)
  @Get('openapi.json')
  @Header('Content-Type', 'application/json')
  json(): string {
    return this.document.json
  }

  @Documented(openApiDocs.yaml)
  @Get('openapi.yaml')
  @Header('Content-Type', 'application/yaml; charset=utf-8')
  yaml(): string {
    return this.document.yaml
  }

  @Documented(openApiDocs.page)
  @Get('docs')
  page(@Req() request: Request, @Res() response: Response): void {
    // The addresses in the page are relative to its own.
    if (request.path.endsWith('/')) response.redirect(308, '../docs')
    else response.set(pageHeaders).type('html').send(page)
  }

  /** A browser asks again whether a file is still the same, so that none outlives an update of the server. */
  @Documented(openApiDocs.asset)
  @Get('docs/:file')
  asset(@Param('file') file: string, @Res() response: Response): void {
    response.set({ ...pageHeaders, 'Cache-Control': 'public, no-cache' })
    if (file === 'start.js') {
      response.type('text/javascript').send(startScript)
      return
    }
    if (!Object.hasOwn(assets, file)) throw new NotFoundException()
    response.type(assets[file] ?? '').sendFile(file, { root: assetFolder, cacheControl: false })
  }
}
