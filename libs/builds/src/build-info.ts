/** A JSON object that is kept as it came. */
export type BuildDocument = Readonly<Record<string, unknown>>

/** What a build made or used, by its checksums in lower-case hexadecimal. */
export interface BuildContent {
  readonly role: 'artifact' | 'dependency'
  /** The artifact's name or the dependency's id. */
  readonly name: string
  readonly sha256: string | undefined
  readonly sha1: string | undefined
}

/** A run of a build, as its publisher tells it: JFrog's build-info. */
export interface BuildInfo {
  readonly name: string
  readonly number: string
  readonly started: Date
  readonly url: string | undefined
  readonly contents: readonly BuildContent[]
  readonly document: BuildDocument
}

/** What was decided about a run. */
export interface BuildStatus {
  readonly status: string
  readonly timestamp: Date
  readonly comment: string | undefined
  readonly repository: string | undefined
  /** Who, as their CI calls them. */
  readonly ciUser: string | undefined
  readonly user: string
}
