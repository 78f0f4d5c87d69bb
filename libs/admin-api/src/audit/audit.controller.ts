import type { StoredAuditEvent } from '@entrepot/audit'
import { Controller, Get, Inject, Query } from '@nestjs/common'
import { type AdminApiPorts, adminApiPorts } from '../admin-api-ports.js'
import { Documented } from '../openapi/route-description.js'
import { RequiresAdministrator } from '../permission.js'
import { parseAuditQuery } from './audit-query.js'
import { auditDocs } from './audit.docs.js'

/** The search in the audit trail: the newest first, `cursor` of one answer gives the next. */
@RequiresAdministrator()
@Controller('artifactory/api/entrepot/audit')
export class AuditController {
  constructor(@Inject(adminApiPorts) private readonly ports: AdminApiPorts) {}

  @Documented(auditDocs.search)
  @Get()
  async search(@Query() query: Record<string, unknown>): Promise<object> {
    const filter = parseAuditQuery(query)
    const events = await this.ports.auditEvents.search(filter)
    const last = events.at(-1)
    return {
      events: events.map(eventJson),
      ...(last !== undefined && events.length === filter.limit ? { cursor: last.id } : {}),
    }
  }
}

function eventJson({ id, at, origin, subject, ...event }: StoredAuditEvent): object {
  const { action, outcome, actor, realm, before, after, reason } = event
  return {
    id,
    at: at.toISOString(),
    action,
    outcome,
    actor,
    realm,
    address: origin.address,
    request_id: origin.requestId,
    subject_kind: subject?.kind,
    subject: subject?.name,
    before,
    after,
    reason,
  }
}
