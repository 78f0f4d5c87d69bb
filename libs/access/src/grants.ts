import { type Action, anonymous, type Principal } from '@entrepot/kernel'
import type { ContentRepository } from './content-repository.js'
import { ContentScope } from './content-scope.js'
import { ImageRights } from './image-rights.js'
import { ownNameOf } from './own-name.js'
import type { PermissionTarget } from './permission-target.js'
import { Recent } from './recent.js'
import { comparableUserName } from './comparable-user-name.js'

/** What one target gives to one user or group. */
interface Grant {
  readonly id: number
  readonly actions: ReadonlySet<Action>
  readonly repositories: ReadonlySet<string>
  readonly content: ContentScope
}

/** All that is given to somebody; whoever has just the same shares it. */
interface Holding {
  readonly id: number
  readonly grants: readonly Grant[]
}

const maximumHoldings = 30_000
const maximumAnswers = 60_000

const noRights = new ImageRights([])

/** The permission targets as they were at one moment, made ready to answer; answers are kept as long as it is. */
export class Grants {
  readonly #byUser = new Map<string, Grant[]>()
  readonly #byGroup = new Map<string, Grant[]>()
  readonly #byPrincipal = new Recent<Holding>(maximumHoldings)
  readonly #byGrants = new Recent<Holding>(maximumHoldings)
  readonly #inRepository = new Recent<readonly Grant[]>(maximumAnswers)
  readonly #inImage = new Recent<ImageRights>(maximumAnswers)
  #lastGrant = 0
  #lastHolding = 0

  constructor(targets: Iterable<PermissionTarget>) {
    for (const target of targets) this.#add(target)
  }

  /** @param withAnonymous whether what is given to anonymous is given */
  inImage(
    principal: Principal,
    withAnonymous: boolean,
    action: Action,
    repository: ContentRepository,
    image: string,
  ): ImageRights {
    const holding = this.#holdingOf(principal, withAnonymous)
    if (holding.grants.length === 0) return noRights
    return this.#inImage.get(`${nameOf(holding, action, repository)} ${image}`, () => {
      const grants = this.#grantsIn(holding, action, repository)
      return new ImageRights(grants.map(({ content }) => content.of(image)))
    })
  }

  isSomewhere(
    principal: Principal,
    withAnonymous: boolean,
    action: Action,
    repository: ContentRepository,
  ): boolean {
    return this.#grantsIn(this.#holdingOf(principal, withAnonymous), action, repository).length > 0
  }

  #add({ repositories, includes, excludes, users, groups }: PermissionTarget): void {
    const common = { repositories: new Set(repositories), content: new ContentScope(includes, excludes) }
    const add = (index: Map<string, Grant[]>, name: string, actions: readonly Action[]) => {
      this.#lastGrant += 1
      const grant: Grant = { id: this.#lastGrant, actions: new Set(actions), ...common }
      const others = index.get(name)
      if (others === undefined) index.set(name, [grant])
      else others.push(grant)
    }
    for (const [name, actions] of Object.entries(users)) add(this.#byUser, comparableUserName(name), actions)
    for (const [name, actions] of Object.entries(groups)) add(this.#byGroup, name, actions)
  }

  #holdingOf(principal: Principal, withAnonymous: boolean): Holding {
    const user = ownNameOf(principal)
    const groups = principal.kind === 'user' ? principal.groups : []
    return this.#byPrincipal.get(JSON.stringify([withAnonymous, user ?? null, groups]), () => {
      const grants = [
        ...((withAnonymous ? this.#byUser.get(anonymous.name) : undefined) ?? []),
        ...((user === undefined ? undefined : this.#byUser.get(user)) ?? []),
        ...groups.flatMap((group) => this.#byGroup.get(group) ?? []),
      ]
      const ids = grants.map(({ id }) => id).sort((left, right) => left - right)
      return this.#byGrants.get(ids.join(' '), () => {
        this.#lastHolding += 1
        return { id: this.#lastHolding, grants }
      })
    })
  }

  #grantsIn(holding: Holding, action: Action, repository: ContentRepository): readonly Grant[] {
    const anyOfKind = repository.kind === 'local' ? 'ANY LOCAL' : 'ANY REMOTE'
    return this.#inRepository.get(nameOf(holding, action, repository), () =>
      holding.grants.filter(
        ({ actions, repositories }) =>
          actions.has(action) &&
          (repositories.has(repository.key) || repositories.has('ANY') || repositories.has(anyOfKind)),
      ),
    )
  }
}

/** Keys and actions hold no space. */
function nameOf({ id }: Holding, action: Action, { kind, key }: ContentRepository): string {
  return `${id} ${action} ${kind} ${key}`
}
