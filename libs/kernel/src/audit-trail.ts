import type { RequestOrigin } from './request-origin.js'

/** What an auditor asks about. */
export const auditActions = [
  'login',
  'access',
  'push',
  'delete',
  'tag.restore',
  'property.update',
  'cache.invalidate',
  'upstream.probe',
  'token.create',
  'token.revoke',
  'user.create',
  'user.update',
  'user.delete',
  'user.unlock',
  'group.create',
  'group.update',
  'group.delete',
  'permission.create',
  'permission.update',
  'permission.delete',
  'repository.create',
  'repository.update',
  'repository.delete',
  'build.publish',
  'build.update',
  'build.promote',
  'build.delete',
  'directory.create',
  'directory.update',
  'directory.delete',
  'settings.update',
] as const

export type AuditAction = (typeof auditActions)[number]

/** `locked` is a login that was not even tried; `failed` is a failure of this server or of what it depends on. */
export const auditOutcomes = ['ok', 'refused', 'locked', 'failed'] as const

export type AuditOutcome = (typeof auditOutcomes)[number]

export interface AuditSubject {
  /** `image`, `blob`, `build`, `user`, `group`, `permission`, `repository`, `token`, `directory`, `settings` or `route`. */
  readonly kind: string
  readonly name: string
}

export interface AuditEntry {
  readonly action: AuditAction
  readonly outcome: AuditOutcome
  /** The user's name; for a refused login the name that was tried. */
  readonly actor: string
  readonly realm?: string | undefined
  readonly origin: RequestOrigin
  readonly subject?: AuditSubject | undefined
  /** What was there before and after a change, without any secret. */
  readonly before?: object | undefined
  readonly after?: object | undefined
  readonly reason?: string | undefined
}

/** The record of who did what. */
export interface AuditTrail {
  /** Never throws and never waits: what can't be written at once is kept and retried, and what is lost is counted. */
  record(entry: AuditEntry): void
}
