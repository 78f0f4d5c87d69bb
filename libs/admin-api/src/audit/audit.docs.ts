import { maximumAuditPage } from '@entrepot/audit'
import { auditActions, auditOutcomes } from '@entrepot/kernel'
import { described, object, oneOf, page, text, time, titled, whole } from '../openapi/json-schema.js'
import { describeRoutes, type ParameterDescription } from '../openapi/route-description.js'

const state = described('What it was like, never with a secret.', { type: 'object' })

const event = titled(
  'AuditEvent',
  object(
    { id: text, at: time, action: oneOf(...auditActions), outcome: oneOf(...auditOutcomes), actor: text },
    {
      realm: text,
      address: text,
      request_id: text,
      subject_kind: text,
      subject: text,
      before: state,
      after: state,
      reason: text,
    },
  ),
)

const equal = (what: string): ParameterDescription => ({ description: `Only events with this ${what}.` })

const like = (what: string): ParameterDescription => ({
  description: `Only events with this ${what}; \`*\` stands for any text.`,
})

export const auditDocs = describeRoutes('Audit', {
  search: {
    summary: 'Search the audit trail',
    details:
      'The newest first. An unknown parameter is refused: nobody shall take all for what they asked for.',
    parameters: {
      from: { description: 'Not before.', schema: time },
      to: { description: 'Before.', schema: time },
      limit: {
        description: 'How many there may be on a page.',
        schema: { ...whole, minimum: 1, maximum: maximumAuditPage, default: 100 },
      },
      cursor: { description: 'The `cursor` of the page before.' },
      action: { ...equal('action'), schema: oneOf(...auditActions) },
      outcome: { ...equal('outcome'), schema: oneOf(...auditOutcomes) },
      actor: like('actor'),
      realm: equal('realm'),
      address: like('address'),
      request_id: equal('request id'),
      subject_kind: equal('kind of subject'),
      subject: like('subject'),
    },
    answers: { 200: { description: 'A page of events.', schema: page('events', event) } },
    errors: { 400: 'a parameter is unknown, has no meaning, or is given twice' },
    examples: [
      { query: { actor: 'admin', from: '2026-01-01T00:00:00Z', limit: '10' } },
      { query: { actor: 'ci-*', subject: 'docker-local/team/*' } },
      { query: { actors: 'admin' }, status: 400 },
    ],
  },
})
