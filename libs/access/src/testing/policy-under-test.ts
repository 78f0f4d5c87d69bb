import type { RepositoryKind } from '../content-repository.js'
import type { PermissionTarget } from '../permission-target.js'
import { PermissionTargetPolicy } from '../permission-target-policy.js'

/** A policy over targets, repositories and a switch that a test may change as it likes. */
export class PolicyUnderTest {
  readonly kinds = new Map<string, RepositoryKind>([
    ['docker-local', 'local'],
    ['other-local', 'local'],
    ['docker-hub', 'remote'],
    ['docker', 'virtual'],
  ])
  anonymousMayEnter = false
  readonly policy: PermissionTargetPolicy
  #targets: readonly PermissionTarget[]
  #listeners: (() => void)[] = []

  constructor(...targets: readonly PermissionTarget[]) {
    this.#targets = targets
    this.policy = new PermissionTargetPolicy(
      {
        all: () => this.#targets.map((target) => ({ target, revision: 1 })),
        onChange: (listener) => void this.#listeners.push(listener),
      },
      () => this.anonymousMayEnter,
      (key) => this.kinds.get(key),
    )
  }

  change(...targets: readonly PermissionTarget[]): void {
    this.#targets = targets
    for (const listener of this.#listeners) listener()
  }
}
