import type { IncomingMessage, ServerResponse } from 'node:http'
import {
  type AuditTrail,
  type ClientAddressOf,
  isRegistryError,
  type LogFields,
  type Logger,
  RegistryError,
} from '@entrepot/kernel'
import type { OciRepository, OciRepositoryDirectory } from '@entrepot/oci-repository'
import { isAbsent } from './absent-repository.js'
import { type Address, resolveName, resolveSeen } from './addressing.js'
import { auditEntryOf } from './audit-entry.js'
import { CallContext } from './call.js'
import { ClientGone } from './client-gone.js'
import { ClientLocation, type PublicLocation } from './client-location.js'
import { answerError, statusOf } from './error-answer.js'
import { Exchange } from './exchange.js'
import { type Caller, type Challenger, type Gate, scopeFor } from './gate.js'
import { type ImagePattern, matchPath, type PathMatch, type RootPattern } from './match-path.js'
import { emptyQuery, Query } from './query.js'
import type { RequestObserver } from './request-observer.js'
import { parseRequestTarget } from './request-target.js'
import type { Rights } from './rights.js'
import type { ImageRoute, RootRoute, RouteTable } from './route.js'
import { catalogScope, isScopeName, mountScopes, scopesInclude } from './token-scope.js'

/** Randomness, time and what is told to the operator. */
export interface HandlerRuntime {
  readonly newRequestId: () => string
  readonly clientAddressOf: ClientAddressOf
  /** Milliseconds of a clock that never goes back. */
  readonly monotonicNow: () => number
  readonly logger: Logger
  readonly observer: RequestObserver
  readonly audit: AuditTrail
}

interface Guards {
  readonly gate: Gate
  readonly rights: Rights
}

type ImageMatch = Extract<PathMatch, { readonly pattern: ImagePattern }>

const subjectKinds: Record<ImagePattern, Exchange['subjectKind']> = {
  manifest: 'image',
  blob: 'blob',
  uploads: 'upload',
  upload: 'upload',
  tags: 'image',
  referrers: 'image',
}

const noNeeds = (): [] => []

/**
 * `/v2` and the token endpoint: parse, address, authenticate, authorise, find the repository, dispatch; and the one place
 * where errors are rendered.
 */
export class RegistryHandler {
  constructor(
    private readonly routes: RouteTable,
    private readonly directory: OciRepositoryDirectory,
    private readonly guards: Guards,
    private readonly server: PublicLocation,
    private readonly runtime: HandlerRuntime,
  ) {}

  /** Answers one request, whatever happens; never rejects. */
  readonly handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const started = this.runtime.monotonicNow()
    const exchange = new Exchange(request, response, {
      requestId: this.runtime.newRequestId(),
      address: this.runtime.clientAddressOf(request),
    })
    let failure: unknown
    try {
      await this.dispatch(exchange)
    } catch (error) {
      failure = error
      this.fail(exchange, error)
    }
    this.finish(exchange, failure, this.runtime.monotonicNow() - started)
  }

  private dispatch(exchange: Exchange): Promise<void> {
    const target = parseRequestTarget(exchange.request.url ?? '')
    const match = target === undefined ? undefined : matchPath(target.path)
    if (target === undefined || match === undefined) {
      throw new RegistryError('ROUTE_UNKNOWN', 'the registry has nothing at this path')
    }
    const query = target.query === '' ? emptyQuery : new Query(target.query)
    if ('name' in match) {
      const route = this.routes.image(match.pattern, exchange.method) ?? this.refuseMethod(match.pattern)
      exchange.routeName = route.name
      // It names where content comes from, so it says nothing about where a push should go.
      const namespace = route.action === 'pull' ? query.first('ns') : undefined
      const location = new ClientLocation(exchange.request, target, namespace, this.server)
      return this.dispatchImage(exchange, route, match, query, location)
    }
    const route = this.routes.root(match.pattern, exchange.method) ?? this.refuseMethod(match.pattern)
    exchange.routeName = route.name
    const location = new ClientLocation(exchange.request, target, undefined, this.server)
    return this.dispatchRoot(exchange, route, query, location)
  }

  private async dispatchImage(
    exchange: Exchange,
    route: ImageRoute,
    match: ImageMatch,
    query: Query,
    location: ClientLocation,
  ): Promise<void> {
    const visibleName = match.name
    const written = resolveName(visibleName, location, this.server.rules, this.directory)
    noteAddress(exchange, route, written)
    if (match.item !== '') exchange.item = match.item
    exchange.audit = route.audit
    exchange.subjectKind = subjectKinds[match.pattern]
    const { gate, rights } = this.guards
    const challenger: Challenger = {
      location,
      needs: () => {
        const from = match.pattern === 'uploads' && query.first('mount') !== undefined && query.first('from')
        return typeof from === 'string' && isScopeName(from)
          ? mountScopes(visibleName, from)
          : [scopeFor(route.action, visibleName)]
      },
    }
    const caller = await gate.identify(
      exchange.request.headers.authorization,
      exchange.origin,
      challenger,
      exchange,
    )
    exchange.principal = caller.principal
    const address = this.addressFor(caller, route, { written, visibleName, location }, challenger)
    if (address !== written) noteAddress(exchange, route, address)
    const { repository, image, means } = address

    if (means === 'namespace' && location.namespace !== undefined) {
      exchange.addHeader('OCI-Namespace', location.namespace)
    }
    const deploying =
      caller.scopes !== undefined && scopesInclude(caller.scopes, 'repository', visibleName, 'push')
    const context = new CallContext(exchange, caller, deploying, rights, this.runtime.logger)
    const { item } = match
    await route.handle({
      exchange,
      query,
      location,
      caller,
      context,
      repository,
      image,
      visibleName,
      item,
    })
  }

  /** @throws RegistryError the refusal of the gate */
  private addressFor(
    caller: Caller,
    route: ImageRoute,
    asked: { readonly written: Address; readonly visibleName: string; readonly location: ClientLocation },
    challenger: Challenger,
  ): Address {
    const { gate, rights } = this.guards
    const { written, visibleName, location } = asked
    if (gate.allows(caller, route.action, { ...written, visibleName })) return written
    const place = { coordinates: location, rules: this.server.rules }
    const address = resolveSeen(written, visibleName, place, this.directory, (repository, image) =>
      rights.sees(caller.principal, repository, image),
    )
    gate.requireAction(caller, route.action, { ...address, visibleName }, challenger)
    return address
  }

  private async dispatchRoot(
    exchange: Exchange,
    route: RootRoute,
    query: Query,
    location: ClientLocation,
  ): Promise<void> {
    const caller = await this.authoriseRoot(exchange, route, location)
    const context = new CallContext(exchange, caller, false, this.guards.rights, this.runtime.logger)
    await route.handle({ exchange, query, location, caller, context })
  }

  private async authoriseRoot(
    exchange: Exchange,
    route: RootRoute,
    location: ClientLocation,
  ): Promise<Caller> {
    const { gate } = this.guards
    if (route.action === 'open') return gate.nobody
    const challenger: Challenger = {
      location,
      needs: route.action === 'catalog' ? () => [catalogScope] : noNeeds,
    }
    const caller = await gate.identify(
      exchange.request.headers.authorization,
      exchange.origin,
      challenger,
      exchange,
    )
    exchange.principal = caller.principal
    if (route.action === 'catalog') gate.requireCatalog(caller, challenger)
    else gate.requireLogin(caller, challenger)
    return caller
  }

  private refuseMethod(pattern: RootPattern | ImagePattern): never {
    const methods = this.routes.methods(pattern)
    throw new RegistryError('UNSUPPORTED', `only ${methods.join(', ')} can be used here`, {
      headers: { Allow: methods.join(', ') },
    })
  }

  private fail(exchange: Exchange, error: unknown): void {
    const { response } = exchange
    if (exchange.isGone || error instanceof ClientGone || response.headersSent) {
      response.destroy()
      return
    }
    try {
      answerError(exchange, error)
    } catch (renderingError) {
      this.runtime.logger.error(
        { err: renderingError, requestId: exchange.requestId },
        'an error could not be told',
      )
      response.destroy()
    }
  }

  private finish(exchange: Exchange, failure: unknown, milliseconds: number): void {
    const { logger, observer, audit } = this.runtime
    const {
      requestId,
      routeName: route,
      method,
      repositoryKey: repository,
      cache,
      bytesIn,
      bytesOut,
    } = exchange
    const hasLeft = isDeparture(exchange, failure)
    const { headersSent, statusCode } = exchange.response
    const status = headersSent ? statusCode : hasLeft ? 499 : statusOf(failure)
    const audited = auditEntryOf(exchange, failure, hasLeft)
    if (audited !== undefined) audit.record(audited)
    if (failure !== undefined) this.logFailure({ err: failure, requestId, route }, failure, hasLeft)
    const took = Math.round(milliseconds * 1000) / 1000
    const principal = exchange.principal?.name
    const isCutOff = failure !== undefined && exchange.response.destroyed && exchange.response.headersSent
    logger.info(
      {
        requestId,
        principal,
        route,
        method,
        status,
        repository,
        image: exchange.image,
        item: exchange.item,
        cache,
        bytesIn,
        bytesOut,
        ms: took,
        ...(isCutOff ? { cutOff: true } : {}),
      },
      'request',
    )
    observer.requestFinished({ route, method, status, repository, bytesIn, bytesOut, cache, milliseconds })
  }

  /** What the client was told well is in the access log; what it wasn't, or what an operator can mend, needs its cause. */
  private logFailure(fields: LogFields, failure: unknown, hasLeft: boolean): void {
    const { logger } = this.runtime
    if (hasLeft) logger.debug(fields, 'the client left')
    else if (!isRegistryError(failure)) logger.error(fields, 'request failed')
    else if (statusOf(failure) >= 500 || failure.code === 'STORAGE_FULL')
      logger.warn(fields, 'request could not be served')
  }
}

/** What is written is written to the member that takes it. */
function holderOf(repository: OciRepository, action: ImageRoute['action']): string {
  return (action === 'pull' ? undefined : repository.writer?.target) ?? repository.key
}

function noteAddress(exchange: Exchange, route: ImageRoute, { repository, image }: Address): void {
  exchange.repositoryKey = isAbsent(repository) ? undefined : repository.key
  exchange.image = image
  exchange.subjectName = `${holderOf(repository, route.action)}/${image}`
}

function isDeparture(exchange: Exchange, failure: unknown): boolean {
  return failure instanceof ClientGone || exchange.isGone
}
