import { bareMediaType } from '@entrepot/oci-model'
import type { RemoteConfig } from '@entrepot/repositories'

/** Artifactory's list of what is never content: a proxy's login page comes with 200. */
const webPages = ['text/html', 'application/xhtml+xml']

/** What a remote does about web pages in place of content: `blockMismatchingMimeTypes`. */
export class WebPages {
  readonly #blocked: ReadonlySet<string>

  constructor(config: Pick<RemoteConfig, 'blockMismatchingMimeTypes' | 'mismatchingMimeTypesOverrideList'>) {
    const allowed = config.mismatchingMimeTypesOverrideList.split(',').map((type) => bareMediaType(type))
    this.#blocked = new Set(
      config.blockMismatchingMimeTypes ? webPages.filter((type) => !allowed.includes(type)) : [],
    )
  }

  refuses(contentType: string | undefined): boolean {
    return this.#blocked.has(bareMediaType(contentType ?? ''))
  }
}
