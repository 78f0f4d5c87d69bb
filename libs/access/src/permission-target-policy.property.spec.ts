import {
  type AccessLimit,
  type Action,
  anonymous,
  type Principal,
  type UserPrincipal,
} from '@entrepot/kernel'
import { userPrincipal } from '@entrepot/kernel/testing'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { PermissionTarget } from './permission-target.js'
import { permissionTarget } from './testing/permission-target.js'
import { PolicyUnderTest } from './testing/policy-under-test.js'

const keys = ['docker-local', 'docker-hub', 'docker', 'nowhere']
const images = ['a', 'b', 'a/a', 'a/b', 'b/ab', 'a/b/a']
const letters = ['a', 'b', 'z']
const pairs = letters.flatMap((one) => letters.map((other) => one + other))
/** Enough of them to tell the patterns below apart: all of up to three letters, `z` being in no pattern. */
const tags = [...letters, ...pairs, ...letters.flatMap((one) => pairs.map((pair) => one + pair)), 'zzzzzz']

const patternOf = (segments: readonly string[]) =>
  fc
    .array(fc.constantFrom(...segments), { minLength: 1, maxLength: 4 })
    .chain((parts) => fc.constantFrom(parts.join('/'), `${parts.join('/')}/`))
const pattern = patternOf(['a', 'b', '*', '**', 'a*', '*b', '?', '?*', 'a?'])
const action = fc.constantFrom<Action>('read', 'deploy')
const grants = (names: readonly string[]) =>
  fc.dictionary(fc.constantFrom(...names), fc.uniqueArray(action), { maxKeys: 2 })
const target = fc.record<PermissionTarget>({
  name: fc.constant('target'),
  repositories: fc.uniqueArray(fc.constantFrom('ANY', 'ANY LOCAL', 'ANY REMOTE', ...keys), { maxLength: 2 }),
  includes: fc.array(pattern, { maxLength: 3 }),
  excludes: fc.array(pattern, { maxLength: 2 }),
  users: grants(['anna', 'anonymous', 'bert']),
  groups: grants(['g', 'h']),
})
const limit = fc.record<AccessLimit>({
  repositoryKey: fc.constantFrom('*', ...keys),
  path: pattern,
  actions: fc.uniqueArray(action, { minLength: 1 }),
})
const limits = fc.option(fc.array(limit, { maxLength: 3 }), { nil: undefined })
const user = fc
  .record({
    admin: fc.nat(5).map((number) => number === 0),
    groups: fc.uniqueArray(fc.constantFrom('g', 'h')),
    groupsOnly: fc.boolean(),
    limits,
  })
  .map((particulars) => userPrincipal('anna', particulars))
const principal: fc.Arbitrary<Principal> = fc.oneof({ weight: 5, arbitrary: user }, fc.constant(anonymous))
const world = fc.record({
  targets: fc.array(target, { maxLength: 4 }),
  principal,
  isOpen: fc.boolean(),
  action,
  repositoryKey: fc.constantFrom(...keys),
  image: fc.constantFrom(...images),
})
type World = typeof world extends fc.Arbitrary<infer T> ? T : never

function policyOf({ targets, isOpen }: Pick<World, 'targets' | 'isOpen'>) {
  const test = new PolicyUnderTest(...targets)
  test.anonymousMayEnter = isOpen
  return test.policy
}

const expressions = new Map<string, RegExp>()

function expressionOf(part: string): RegExp {
  let expression = expressions.get(part)
  if (expression === undefined) {
    expression = new RegExp(`^${part.replaceAll('*', '.*').replaceAll('?', '.')}$`)
    expressions.set(part, expression)
  }
  return expression
}

/** Plain recursion over segments, nothing shared with what is tested. */
function matches(parts: readonly string[], path: readonly string[]): boolean {
  const [part, ...rest] = parts
  if (part === undefined) return path.length === 0
  if (part === '**')
    return Array.from({ length: path.length + 1 }).some((_, n) => matches(rest, path.slice(n)))
  const [segment, ...below] = path
  return segment !== undefined && expressionOf(part).test(segment) && matches(rest, below)
}

function concerns(text: string, image: string, tag: string): boolean {
  const parts = (text.endsWith('/') ? `${text}**` : text).split('/')
  return matches(parts, image.split('/')) || matches(parts, [...image.split('/'), tag])
}

function oracle(given: World, tag: string): boolean {
  const { principal: who, action: what, repositoryKey: key, image } = given
  const isUser = who.kind === 'user'
  const isWithinLimits =
    !isUser ||
    who.limits === undefined ||
    who.limits.some(
      ({ repositoryKey, path, actions }) =>
        (repositoryKey === '*' || repositoryKey === key) &&
        actions.includes(what) &&
        concerns(path, image, tag),
    )
  if (!isWithinLimits) return false
  if (isUser && who.admin) return true
  const anyKind = { 'docker-local': ['ANY', 'ANY LOCAL'], 'docker-hub': ['ANY', 'ANY REMOTE'] }[key]
  if (anyKind === undefined) return false
  return given.targets.some(
    ({ repositories, includes, excludes, users, groups }) =>
      repositories.some((each) => each === key || anyKind.includes(each)) &&
      (includes.length === 0 || includes.some((text) => concerns(text, image, tag))) &&
      !excludes.some((text) => concerns(text, image, tag)) &&
      [
        ...(given.isOpen ? (users['anonymous'] ?? []) : []),
        ...(isUser && who.groupsOnly !== true ? (users['anna'] ?? []) : []),
        ...(isUser ? who.groups.flatMap((group) => groups[group] ?? []) : []),
      ].includes(what),
  )
}

describe('the policy, whatever the targets', () => {
  it('allows a tag exactly when going through all targets one by one allows it', () => {
    fc.assert(
      fc.property(world, (given) => {
        const policy = policyOf(given)
        for (const tag of tags) {
          expect(policy.allows(given.principal, given.action, { ...given, tag })).toBe(oracle(given, tag))
        }
      }),
      { numRuns: 2000 },
    )
  })

  it('allows a whole image only when it allows every tag of it', () => {
    fc.assert(
      fc.property(world, (given) => {
        const policy = policyOf(given)
        if (!policy.allows(given.principal, given.action, given)) return
        for (const tag of tags) expect(oracle(given, tag)).toBe(true)
      }),
      { numRuns: 2000 },
    )
  })

  it('allows a whole image when one target allows every tag of it', () => {
    const plain = fc.array(patternOf(['a', 'b', '*', '**', 'a*', '*b']), { maxLength: 3 })
    fc.assert(
      fc.property(world, plain, plain, (some, includes, excludes) => {
        const only = permissionTarget('one', { includes, excludes, users: { anna: ['read'] } })
        const given: World = {
          ...some,
          targets: [only],
          principal: userPrincipal('anna'),
          action: 'read',
          repositoryKey: 'docker-local',
        }
        const isEvery = tags.every((tag) => oracle(given, tag))
        expect(policyOf(given).allows(given.principal, 'read', given)).toBe(isEvery)
      }),
      { numRuns: 2000 },
    )
  })

  it('allows a part of an image, and something in its repository, when it allows a tag', () => {
    fc.assert(
      fc.property(world, (given) => {
        const policy = policyOf(given)
        const { principal: who, action: what, repositoryKey } = given
        const isPart = policy.allowsPartOf(who, what, given)
        if (tags.some((tag) => oracle(given, tag))) expect(isPart).toBe(true)
        if (isPart) expect(policy.allowsSomewhere(who, what, repositoryKey)).toBe(true)
        if (policy.allows(who, what, given)) expect(isPart).toBe(true)
      }),
      { numRuns: 2000 },
    )
  })

  it('takes nothing away when a target is added', () => {
    fc.assert(
      fc.property(world, target, (given, added) => {
        const before = policyOf(given)
        const after = policyOf({ ...given, targets: [...given.targets, added] })
        for (const [one, other] of answerPairs(given, [before, given.principal], [after, given.principal])) {
          if (one) expect(other).toBe(true)
        }
      }),
      { numRuns: 2000 },
    )
  })

  it('never allows more with limits than without', () => {
    fc.assert(
      fc.property(world, user, (given, who) => {
        const policy = policyOf(given)
        const unlimited: UserPrincipal = { ...who, limits: undefined }
        for (const [limited, free] of answerPairs(given, [policy, who], [policy, unlimited])) {
          if (limited) expect(free).toBe(true)
        }
      }),
      { numRuns: 2000 },
    )
  })
})

type Asked = readonly [ReturnType<typeof policyOf>, Principal]

/** Every answer of one beside that of the other. */
function answerPairs(given: World, one: Asked, other: Asked): readonly (readonly [boolean, boolean])[] {
  const questions = [
    ([policy, who]: Asked) => policy.allows(who, given.action, given),
    ([policy, who]: Asked) => policy.allowsPartOf(who, given.action, given),
    ([policy, who]: Asked) => policy.allowsSomewhere(who, given.action, given.repositoryKey),
    ...tags.map(
      (tag) =>
        ([policy, who]: Asked) =>
          policy.allows(who, given.action, { ...given, tag }),
    ),
  ]
  return questions.map((ask) => [ask(one), ask(other)])
}
