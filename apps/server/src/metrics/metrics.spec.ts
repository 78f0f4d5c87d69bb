import { silentLogger } from '@entrepot/kernel'
import { describe, expect, it } from 'vitest'
import { Metrics } from './metrics.js'

const finished = {
  route: 'blob',
  method: 'GET',
  status: 200,
  repository: 'docker-hub',
  bytesIn: 0,
  bytesOut: 1024,
  cache: 'hit',
  milliseconds: 12,
} as const

async function linesOf(metrics: Metrics): Promise<readonly string[]> {
  return (await metrics.text()).split('\n')
}

describe('metrics', () => {
  it('count requests, bytes, time, and what the cache had', async () => {
    const metrics = new Metrics(silentLogger)
    metrics.requestFinished(finished)
    metrics.requestFinished({ ...finished, cache: 'miss' })
    metrics.requestFinished({
      ...finished,
      method: 'PATCH',
      status: 202,
      bytesIn: 7,
      bytesOut: 0,
      cache: undefined,
    })
    expect(await linesOf(metrics)).toEqual(
      expect.arrayContaining([
        'entrepot_http_requests_total{route="blob",method="GET",status="200"} 2',
        'entrepot_http_requests_total{route="blob",method="PATCH",status="202"} 1',
        'entrepot_http_sent_bytes_total{route="blob"} 2048',
        'entrepot_http_received_bytes_total{route="blob"} 7',
        'entrepot_cache_answers_total{repository="docker-hub",route="blob",result="hit"} 1',
        'entrepot_cache_answers_total{repository="docker-hub",route="blob",result="miss"} 1',
        'entrepot_http_request_duration_seconds_count{route="blob",method="GET"} 2',
      ]),
    )
  })

  it('count upstream requests by host and status, and by reason where there was no answer', async () => {
    const metrics = new Metrics(silentLogger)
    const hop = {
      host: 'registry-1.docker.io',
      purpose: 'registry',
      method: 'GET',
      milliseconds: 80,
    } as const
    metrics.onRequest({ ...hop, status: 429, error: undefined })
    metrics.onRequest({ ...hop, status: undefined, error: 'UPSTREAM_TIMEOUT' })
    metrics.onBody({ host: hop.host, bytes: 99, milliseconds: 5, complete: false })
    metrics.onRateLimit({
      host: hop.host,
      limit: 100,
      remaining: 41,
      windowSeconds: 21_600,
      resetAt: undefined,
    })
    const labels = 'host="registry-1.docker.io",purpose="registry",method="GET"'
    expect(await linesOf(metrics)).toEqual(
      expect.arrayContaining([
        `entrepot_upstream_requests_total{${labels},status="429"} 1`,
        `entrepot_upstream_requests_total{${labels},status="UPSTREAM_TIMEOUT"} 1`,
        'entrepot_upstream_received_bytes_total{host="registry-1.docker.io",complete="false"} 99',
        'entrepot_upstream_quota_remaining{host="registry-1.docker.io"} 41',
      ]),
    )
  })

  it('count audit events, and those that an outlet never got', async () => {
    const metrics = new Metrics(silentLogger)
    metrics.onEvent('login', 'refused')
    metrics.onEvent('login', 'refused')
    metrics.onLost('syslog', 7)
    expect(await linesOf(metrics)).toEqual(
      expect.arrayContaining([
        'entrepot_audit_events_total{action="login",outcome="refused"} 2',
        'entrepot_audit_lost_total{outlet="syslog"} 7',
      ]),
    )
  })

  it('show how many audit events wait for each outlet at this moment', async () => {
    const metrics = new Metrics(silentLogger)
    const waiting = new Map([
      ['database', 0],
      ['syslog', 7],
    ])
    metrics.trackAuditQueues(() => waiting)
    expect(await linesOf(metrics)).toEqual(
      expect.arrayContaining([
        'entrepot_audit_waiting{outlet="database"} 0',
        'entrepot_audit_waiting{outlet="syslog"} 7',
      ]),
    )
    waiting.set('syslog', 0)
    expect(await linesOf(metrics)).toContain('entrepot_audit_waiting{outlet="syslog"} 0')
  })

  it('take readings when asked, and outlive one that fails', async () => {
    const metrics = new Metrics(silentLogger)
    metrics.trackReadings({
      uploadsInProgress: async () => {
        throw new Error('the database is down')
      },
      fillsRunning: () => 3,
      databaseConnections: () => 10,
      databaseConnectionsIdle: () => 4,
      databaseRequestsWaiting: () => 0,
    })
    const lines = await linesOf(metrics)
    expect(lines).toContain('entrepot_cache_fills_running 3')
    expect(lines).toContain('entrepot_database_connections 10')
    expect(lines).toContain('entrepot_uploads_in_progress Nan')
    expect(lines.some((line) => line.startsWith('process_resident_memory_bytes '))).toBe(true)
  })
})
