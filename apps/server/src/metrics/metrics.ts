import type { AuditObserver } from '@entrepot/audit'
import type { AuditAction, AuditOutcome, Logger } from '@entrepot/kernel'
import type { FinishedRequest, RequestObserver } from '@entrepot/oci-api'
import type { ObservedBody, ObservedRateLimit, ObservedRequest, UpstreamObserver } from '@entrepot/upstream'
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client'
import { DirectoryMetrics } from './directory-metrics.js'

/** A number that is asked for when Prometheus comes by. */
export type Reading = () => number | Promise<number>

/** What `trackReadings` shows; a reading that fails is `NaN` in that answer. */
export interface Readings {
  readonly uploadsInProgress: Reading
  readonly fillsRunning: Reading
  readonly databaseConnections: Reading
  readonly databaseConnectionsIdle: Reading
  readonly databaseRequestsWaiting: Reading
}

/**
 * All that is counted. Labels come from our own tables and from configuration, never from a client: a repository's key is
 * one, an image's name is not.
 */
export class Metrics implements RequestObserver, UpstreamObserver, AuditObserver {
  readonly #registry = new Registry()

  readonly #requests = new Counter({
    name: 'entrepot_http_requests_total',
    help: 'Finished requests to the registry API; status 499: the client left',
    labelNames: ['route', 'method', 'status'] as const,
    registers: [this.#registry],
  })
  readonly #seconds = new Histogram({
    name: 'entrepot_http_request_duration_seconds',
    help: 'From a request to the last byte of its answer',
    labelNames: ['route', 'method'] as const,
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60, 600],
    registers: [this.#registry],
  })
  readonly #bytesIn = new Counter({
    name: 'entrepot_http_received_bytes_total',
    help: 'Bytes of request bodies',
    labelNames: ['route'] as const,
    registers: [this.#registry],
  })
  readonly #bytesOut = new Counter({
    name: 'entrepot_http_sent_bytes_total',
    help: 'Bytes of answer bodies',
    labelNames: ['route'] as const,
    registers: [this.#registry],
  })
  readonly #cache = new Counter({
    name: 'entrepot_cache_answers_total',
    help: 'Answers of remote repositories, by what their cache had',
    labelNames: ['repository', 'route', 'result'] as const,
    registers: [this.#registry],
  })
  readonly #upstreamRequests = new Counter({
    name: 'entrepot_upstream_requests_total',
    help: 'Requests to upstream registries; status is the reason where there was no answer',
    labelNames: ['host', 'purpose', 'method', 'status'] as const,
    registers: [this.#registry],
  })
  readonly #upstreamSeconds = new Histogram({
    name: 'entrepot_upstream_request_duration_seconds',
    help: "Until the headers of an upstream's answer were there",
    labelNames: ['host', 'purpose'] as const,
    buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    registers: [this.#registry],
  })
  readonly #upstreamBytes = new Counter({
    name: 'entrepot_upstream_received_bytes_total',
    help: 'Bytes of bodies from upstream registries; complete is false where one broke off or was not wanted any more',
    labelNames: ['host', 'complete'] as const,
    registers: [this.#registry],
  })
  readonly #quotaLeft = new Gauge({
    name: 'entrepot_upstream_quota_remaining',
    help: 'What an upstream said is left of its quota',
    labelNames: ['host'] as const,
    registers: [this.#registry],
  })

  readonly #auditEvents = new Counter({
    name: 'entrepot_audit_events_total',
    help: 'Events of the audit trail',
    labelNames: ['action', 'outcome'] as const,
    registers: [this.#registry],
  })
  readonly #auditLost = new Counter({
    name: 'entrepot_audit_lost_total',
    help: 'Audit events that an outlet (database, file, syslog) could not be given before there were too many',
    labelNames: ['outlet'] as const,
    registers: [this.#registry],
  })

  readonly directories = new DirectoryMetrics(this.#registry)

  constructor(private readonly logger: Logger) {
    collectDefaultMetrics({ register: this.#registry })
  }

  get contentType(): string {
    return this.#registry.contentType
  }

  /** In Prometheus' text format. */
  text(): Promise<string> {
    return this.#registry.metrics()
  }

  requestFinished(request: FinishedRequest): void {
    const { route, method, cache } = request
    this.#requests.inc({ route, method, status: request.status })
    this.#seconds.observe({ route, method }, request.milliseconds / 1000)
    if (request.bytesIn > 0) this.#bytesIn.inc({ route }, request.bytesIn)
    if (request.bytesOut > 0) this.#bytesOut.inc({ route }, request.bytesOut)
    if (cache !== undefined) this.#cache.inc({ repository: request.repository ?? '', route, result: cache })
  }

  onRequest({ host, purpose, method, status, error, milliseconds }: ObservedRequest): void {
    this.#upstreamRequests.inc({ host, purpose, method, status: status ?? error ?? 'none' })
    this.#upstreamSeconds.observe({ host, purpose }, milliseconds / 1000)
  }

  onBody({ host, bytes, complete }: ObservedBody): void {
    this.#upstreamBytes.inc({ host, complete: String(complete) }, bytes)
  }

  onRateLimit({ host, remaining }: ObservedRateLimit): void {
    this.#quotaLeft.set({ host }, remaining)
  }

  onEvent(action: AuditAction, outcome: AuditOutcome): void {
    this.#auditEvents.inc({ action, outcome })
  }

  onLost(outlet: string, count: number): void {
    this.#auditLost.inc({ outlet }, count)
  }

  trackReadings(readings: Readings): void {
    this.track(
      'entrepot_uploads_in_progress',
      'Upload sessions neither ended nor expired',
      readings.uploadsInProgress,
    )
    this.track('entrepot_cache_fills_running', 'Blobs being fetched from upstreams', readings.fillsRunning)
    this.track('entrepot_database_connections', 'Connections of the pool', readings.databaseConnections)
    this.track('entrepot_database_connections_idle', 'Of these, unused now', readings.databaseConnectionsIdle)
    this.track(
      'entrepot_database_waiting',
      'Requests waiting for a connection',
      readings.databaseRequestsWaiting,
    )
  }

  /** @param waiting by outlet, asked for when Prometheus comes by */
  trackAuditQueues(waiting: () => ReadonlyMap<string, number>): void {
    const gauge: Gauge<'outlet'> = new Gauge({
      name: 'entrepot_audit_waiting',
      help: 'Audit events that wait until an outlet (database, file, syslog) takes them',
      labelNames: ['outlet'] as const,
      registers: [this.#registry],
      collect() {
        for (const [outlet, events] of waiting()) gauge.set({ outlet }, events)
      },
    })
  }

  private track(name: string, help: string, reading: Reading): void {
    const { logger } = this
    const gauge: Gauge = new Gauge({
      name,
      help,
      registers: [this.#registry],
      async collect() {
        try {
          gauge.set(await reading())
        } catch (error) {
          // A database that is down must not take the other numbers with it.
          logger.debug({ err: error, metric: name }, 'a reading could not be taken')
          gauge.set(Number.NaN)
        }
      },
    })
  }
}
