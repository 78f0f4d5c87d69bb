import type { AuditObserver } from '../audit-observer.js'

export class RecordingAuditObserver implements AuditObserver {
  readonly events: string[] = []
  readonly lost = new Map<string, number>()

  onEvent(action: string, outcome: string): void {
    this.events.push(`${action} ${outcome}`)
  }

  onLost(outlet: string, count: number): void {
    this.lost.set(outlet, (this.lost.get(outlet) ?? 0) + count)
  }
}
