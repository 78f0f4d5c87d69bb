import { isDeepStrictEqual } from 'node:util'
import { anonymousAccessSetting, isAnonymousAccessEnabled, type StoredSetting } from '@entrepot/access'
import {
  checkLockPolicy,
  type LockPolicy,
  lockPolicyOf,
  lockPolicySetting,
  type PasswordPolicy,
  passwordPolicyOf,
  passwordPolicySetting,
} from '@entrepot/identity'
import { RegistryError } from '@entrepot/kernel'
import { given } from '../../http/given.js'
import { fieldNamesOf } from '../../http/parse-dto.js'
import type { JsonObject } from '../../json-body.js'
import { AnonymousDto, LockPolicyDto } from '../../security/security.dto.js'
import { policyJson } from '../../security/password-policy.controller.js'
import { PasswordPolicyDto } from '../../security/password-policy.dto.js'
import type { PlanContext } from '../plan-context.js'

export function lockPolicyFields(stored: StoredSetting | undefined): JsonObject {
  const { enabled, loginAttempts } = lockPolicyOf(stored?.value ?? {})
  return { enabled, loginAttempts }
}

export function passwordPolicyFields(stored: StoredSetting | undefined): JsonObject {
  return { ...policyJson(passwordPolicyOf(stored?.value ?? {})) }
}

export function anonymousAccessFields(stored: StoredSetting | undefined): JsonObject {
  return { enabled: isAnonymousAccessEnabled(stored) }
}

export function planSettings(context: PlanContext): void {
  planLockPolicy(context)
  planPasswordPolicy(context)
  planAnonymousAccess(context)
}

function planLockPolicy(context: PlanContext): void {
  const { document, problems, state } = context
  const body = document.lockPolicy
  if (body === undefined) return
  problems.refuseUnknown('lockPolicy', body, fieldNamesOf(LockPolicyDto))
  const dto = problems.dto(LockPolicyDto, 'lockPolicy', body)
  if (dto === undefined) return
  problems.attempt('lockPolicy', () => {
    const changed = given<Partial<LockPolicy>>({ enabled: dto.enabled, loginAttempts: dto.loginAttempts })
    const policy = { ...lockPolicyOf(state.lockPolicy?.value ?? {}), ...changed }
    checkLockPolicy(policy)
    const before = lockPolicyFields(state.lockPolicy)
    write(context, 'lockPolicy', before, { ...before, ...changed }, 'userLockPolicy', {
      name: lockPolicySetting,
      value: { ...policy },
      revision: state.lockPolicy?.revision ?? 0,
    })
  })
}

/** Passwords in the same document are looked at by the policy of before. */
function planPasswordPolicy(context: PlanContext): void {
  const { document, problems, state } = context
  const body = document.passwordPolicy
  if (body === undefined) return
  problems.refuseUnknown('passwordPolicy', body, fieldNamesOf(PasswordPolicyDto))
  const dto = problems.dto(PasswordPolicyDto, 'passwordPolicy', body)
  if (dto === undefined) return
  const { special_char: specialChar, ...counts } = dto
  const changed = given<Partial<PasswordPolicy>>({ ...counts, specialChar })
  const policy = { ...passwordPolicyOf(state.passwordPolicy?.value ?? {}), ...changed }
  const before = passwordPolicyFields(state.passwordPolicy)
  write(context, 'passwordPolicy', before, { ...policyJson(policy) }, 'passwordPolicy', {
    name: passwordPolicySetting,
    value: { ...policy },
    revision: state.passwordPolicy?.revision ?? 0,
  })
}

function planAnonymousAccess(context: PlanContext): void {
  const { document, problems, state } = context
  const body = document.anonymousAccess
  if (body === undefined) return
  problems.refuseUnknown('anonymousAccess', body, fieldNamesOf(AnonymousDto))
  const dto = problems.dto(AnonymousDto, 'anonymousAccess', body)
  if (dto?.enabled === undefined) return
  const after = { enabled: dto.enabled }
  write(context, 'anonymousAccess', anonymousAccessFields(state.anonymousAccess), after, 'anonymous', {
    name: anonymousAccessSetting,
    value: after,
    revision: state.anonymousAccess?.revision ?? 0,
  })
}

interface NewValue {
  readonly name: string
  readonly value: StoredSetting['value']
  readonly revision: number
}

function write(
  context: PlanContext,
  path: string,
  before: JsonObject,
  after: JsonObject,
  subject: string,
  { name, value, revision }: NewValue,
): void {
  if (isDeepStrictEqual(before, after)) return
  context.changes.push({
    change: 'update',
    path,
    before,
    after,
    secrets: [],
    action: 'settings.update',
    subject: { kind: 'settings', name: subject },
  })
  context.steps.push({
    stage: 'settings',
    run: async ({ settings }) => {
      if (await settings.replace(name, value, revision)) return
      throw new RegistryError('CONFLICT', `${path} was changed by another at the same time`)
    },
  })
}
