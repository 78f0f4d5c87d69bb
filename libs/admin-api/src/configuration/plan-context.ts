import { setImmediate as nextTurn } from 'node:timers/promises'
import type { JsonObject } from '../json-body.js'
import type { ConfigurationState, ConfigurationStores } from './configuration-stores.js'
import type { ConfigurationDocument } from './configuration-document.js'
import type { PasswordWork } from './password-work.js'
import type { Plan, PlannedChange, PlannedStep } from './planned-change.js'
import type { Problems } from './problems.js'
import type { GivenSecret, SecretReader } from './secret-reader.js'

const thingsInATurn = 20

/** What a plan is made of. */
export interface PlanInput {
  readonly document: ConfigurationDocument
  readonly state: ConfigurationState
  readonly stores: Pick<ConfigurationStores, 'holdsContent'>
  readonly secrets: SecretReader
  readonly passwords: PasswordWork
}

/** A plan in the making; the sections add to it one after the other, and see what those before have made of things. */
export class PlanContext implements Plan {
  readonly changes: PlannedChange[] = []
  readonly steps: PlannedStep[] = []
  readonly notices: string[] = []
  readonly touchedUsers: string[] = []
  readonly endedLogins: string[] = []
  readonly newPasswords: { readonly user: string; readonly password: string }[] = []
  /** What the plan deletes, by name: permission targets must not name it. */
  readonly gone = {
    repositories: new Set<string>(),
    users: new Set<string>(),
    groups: new Set<string>(),
  }
  #planned = 0

  constructor(
    readonly input: PlanInput,
    readonly problems: Problems,
  ) {}

  /** Now and then lets others have a turn: planning some thousand things takes seconds. */
  async pause(): Promise<void> {
    this.#planned += 1
    if (this.#planned % thingsInATurn === 0) await nextTurn()
  }

  get state(): ConfigurationState {
    return this.input.state
  }

  get document(): ConfigurationDocument {
    return this.input.document
  }

  /** @returns undefined for what can't be taken, which is noted */
  secret(path: string, field: string, body: JsonObject): Promise<GivenSecret | undefined> {
    return this.input.secrets.given(path, field, body[field], this.problems)
  }

  /** A secret that can't be read now and that is there already: it stays. */
  noteKept(path: string, place: string): void {
    this.notices.push(`${path}: ${place} is not there, the stored secret stays`)
  }

  noteUnset(path: string, place: string): void {
    this.problems.add(path, `${place} is not there, and no secret is stored that could stay: set it`)
  }
}
