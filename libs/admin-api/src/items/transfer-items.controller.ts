import type { OciRepository, TransferEvent } from '@entrepot/oci-repository'
import { Controller, HttpCode, Inject, Param, Post, Query, Res, UseFilters } from '@nestjs/common'
import type { Response } from 'express'
import { type AdminApiPorts, adminApiPorts } from '../admin-api-ports.js'
import { type Caller, CurrentCaller } from '../caller.js'
import { Documented } from '../openapi/route-description.js'
import { RequiresLogin } from '../permission.js'
import { statusOfError } from '../status-of-error.js'
import { VisibleRepositories } from '../visible-repositories.js'
import { findTarget } from './find-target.js'
import { itemPathOf, noSuchItem, type PathParts } from './item-path.js'
import { recordTransferEvent } from './record-transfer.js'
import { RequestContexts } from './request-contexts.js'
import { transferDocs } from './transfer.docs.js'
import { TransferErrorFilter } from './transfer-error-filter.js'
import { transferMessages } from './transfer-messages.js'
import { transferQueryOf } from './transfer-options.js'
import { findSource } from './find-source.js'

/** Artifactory's "Copy Item" and "Move Item". */
@RequiresLogin()
@UseFilters(TransferErrorFilter)
@Controller('artifactory/api')
export class TransferItemsController {
  constructor(
    @Inject(adminApiPorts) private readonly ports: AdminApiPorts,
    @Inject(VisibleRepositories) private readonly visible: VisibleRepositories,
    @Inject(RequestContexts) private readonly contexts: RequestContexts,
  ) {}

  @Documented(transferDocs.copy)
  @Post('copy/:repository/*path')
  @HttpCode(200)
  copy(
    @Param('repository') key: string,
    @Param('path') parts: PathParts,
    @Query() query: Record<string, unknown>,
    @CurrentCaller() caller: Caller,
    @Res({ passthrough: true }) response: Response,
  ): Promise<object> {
    return this.transfer(false, { key, path: itemPathOf(key, parts), query, caller, response })
  }

  @Documented(transferDocs.move)
  @Post('move/:repository/*path')
  @HttpCode(200)
  move(
    @Param('repository') key: string,
    @Param('path') parts: PathParts,
    @Query() query: Record<string, unknown>,
    @CurrentCaller() caller: Caller,
    @Res({ passthrough: true }) response: Response,
  ): Promise<object> {
    return this.transfer(true, { key, path: itemPathOf(key, parts), query, caller, response })
  }

  private async transfer(move: boolean, { key, path, query, caller, response }: Asked): Promise<object> {
    const { repository, path: targetPath, into, dryRun, failFast } = transferQueryOf(query)
    const source = findSource(this.ports, this.visible, caller, key)
    if (source === undefined) throw noSuchItem(key, path)
    const target = findTarget(this.ports, this.visible, caller, repository)
    const request = { source, sourcePath: path, target, targetPath, into, move, dryRun, failFast }
    const context = this.contexts.of(caller, response)
    const { itemTransfer } = this.ports.content
    const plan = await itemTransfer.plan(request, context)
    if (plan.steps.length === 0) throw noSuchItem(key, path)
    const events: TransferEvent[] = []
    for await (const event of itemTransfer.run(plan, request, context)) {
      events.push(event)
      if (!dryRun) recordTransferEvent(this.ports.audit, caller, event, { move, origin: 'copiedFrom' })
    }
    // All of it may have gone since it was found.
    if (events.length === 0) throw noSuchItem(key, path)
    const summary = { move, dryRun, from: nameOf(source, path), to: nameOf(target, plan.targetPath) }
    const messages = transferMessages(summary, events)
    const failures = events.flatMap((event) => (event.kind === 'failed' ? [event.error] : []))
    const last = failures.at(-1)
    if (last === undefined) return { messages }
    const status = statusOfError[last.code]
    response.status(status)
    return { messages, errors: failures.map(({ message }) => ({ status, message })) }
  }
}

interface Asked {
  readonly key: string
  readonly path: string
  readonly query: Record<string, unknown>
  readonly caller: Caller
  readonly response: Response
}

function nameOf({ key }: OciRepository, path: string): string {
  return `${key}:${path}`
}
