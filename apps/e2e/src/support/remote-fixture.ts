import type { Entrepot, RepositoryFields } from './entrepot.js'
import { FaultyUpstream } from './faulty-upstream.js'

let made = 0

/** A remote repository of its own over an upstream of its own, so that no test sees another's cache. */
export class RemoteFixture {
  private constructor(
    readonly key: string,
    readonly upstream: FaultyUpstream,
  ) {}

  static async create(entrepot: Entrepot, fields: RepositoryFields = {}): Promise<RemoteFixture> {
    made += 1
    const upstream = await FaultyUpstream.start()
    const key = `remote-${made}`
    // An upstream that failed is asked again at once: tests repair it and go on.
    const defaults = { rclass: 'remote', url: upstream.url, assumedOfflinePeriodSecs: 0 }
    await entrepot.createRepository(key, { ...defaults, ...fields })
    return new RemoteFixture(key, upstream)
  }
}

/** The statuses that say "the upstream failed" and never "there is no such thing". */
export const honestFailures = [502, 503, 504]
