import type { AccessLimit, Action } from '@entrepot/kernel'
import { ContentScope } from './content-scope.js'
import { ImageRights } from './image-rights.js'

const anyRepository = '*'
const anyContent: readonly string[] = ['**', '**/*']

/** What an access token may do at most; its parts add up, and none of them gives anybody a right. */
export class AccessLimits {
  readonly #limits: readonly { readonly limit: AccessLimit; readonly content: ContentScope }[]

  constructor(limits: readonly AccessLimit[]) {
    this.#limits = limits.map((limit) => ({ limit, content: new ContentScope([limit.path], []) }))
  }

  inImage(action: Action, repositoryKey: string, image: string): ImageRights {
    return new ImageRights(this.#about(action, repositoryKey).map(({ content }) => content.of(image)))
  }

  allowSomewhere(action: Action, repositoryKey: string): boolean {
    return this.#about(action, repositoryKey).length > 0
  }

  allowEverywhere(action: Action): boolean {
    return this.#limits.some(
      ({ limit }) =>
        limit.repositoryKey === anyRepository &&
        anyContent.includes(limit.path) &&
        limit.actions.includes(action),
    )
  }

  #about(action: Action, repositoryKey: string) {
    return this.#limits.filter(
      ({ limit }) =>
        (limit.repositoryKey === anyRepository || limit.repositoryKey === repositoryKey) &&
        limit.actions.includes(action),
    )
  }
}
