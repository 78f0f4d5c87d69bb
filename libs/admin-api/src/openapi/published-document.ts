import type { Type } from '@nestjs/common'
import { stringify } from 'yaml'
import { describedRoutes } from './described-route.js'
import { openApiDocument } from './openapi-document.js'

/** The document as it is served; made once, when it is first asked for. */
export class PublishedDocument {
  #json: string | undefined
  #yaml: string | undefined

  /** @param version of the contract */
  constructor(
    private readonly controllers: readonly Type[],
    private readonly version: string,
  ) {}

  get json(): string {
    this.#json ??= JSON.stringify(openApiDocument(describedRoutes(this.controllers), this.version))
    return this.#json
  }

  get yaml(): string {
    this.#yaml ??= stringify(JSON.parse(this.json), { aliasDuplicateObjects: false })
    return this.#yaml
  }
}
