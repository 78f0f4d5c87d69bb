import { byCodePoint, RegistryError } from '@entrepot/kernel'
import type { BuildContent, BuildDocument, BuildInfo, BuildStatus } from '../build-info.js'
import {
  type BuildEntry,
  type BuildPublisher,
  type BuildRun,
  type BuildStore,
  type BuildSummary,
  type BuildViewer,
  maximumRuns,
  type RunSelection,
  type StoredBuild,
} from '../build-store.js'
import { buildTextOf } from '../build-text.js'

interface Kept {
  readonly id: number
  build: BuildInfo
  readonly publisher: BuildPublisher
  readonly published: Date
  readonly statuses: BuildStatus[]
}

export class InMemoryBuildStore implements BuildStore {
  #kept: Kept[] = []
  #last = 0

  async publish(build: BuildInfo, publisher: BuildPublisher): Promise<boolean> {
    buildTextOf(build.document)
    const same = this.#kept.find((kept) => isSame(kept, build, publisher))
    this.#kept = this.#kept.filter((kept) => kept !== same)
    this.#last += 1
    this.#kept.push({ id: this.#last, build, publisher, published: new Date(this.#last), statuses: [] })
    return same !== undefined
  }

  names(viewer: BuildViewer): Promise<readonly BuildSummary[]> {
    const last = new Map<string, Date>()
    for (const { build } of this.#seen(viewer)) if (!last.has(build.name)) last.set(build.name, build.started)
    const names = [...last].map(([name, lastStarted]) => ({ name, lastStarted }))
    return Promise.resolve(names.sort((left, right) => byCodePoint(left.name, right.name)))
  }

  runs(viewer: BuildViewer, name: string): Promise<readonly BuildRun[]> {
    return Promise.resolve(this.#seen(viewer, name).slice(0, maximumRuns).map(runOf))
  }

  entries(viewer: BuildViewer): Promise<readonly BuildEntry[]> {
    const seen = this.#seen(viewer).sort((left, right) => right.id - left.id)
    const entries = seen.map((kept) => {
      const { name, url } = kept.build
      return { ...runOf(kept), name, url, published: kept.published, publishedBy: kept.publisher.name }
    })
    return Promise.resolve(entries.slice(0, maximumRuns))
  }

  find(viewer: BuildViewer, name: string, number: string, started?: Date): Promise<StoredBuild | undefined> {
    const kept = this.#seen(viewer, name).find(
      ({ build }) =>
        build.number === number && (started === undefined || build.started.getTime() === started.getTime()),
    )
    if (kept === undefined) return Promise.resolve(undefined)
    const { build, publisher, published, statuses, id } = kept
    const { document } = build
    const found = { ...runOf(kept), id: `${id}`, name, published, publishedBy: publisher.name, document }
    return Promise.resolve({ ...found, statuses: [...statuses] })
  }

  latest(viewer: BuildViewer, name: string, status?: string): Promise<BuildRun | undefined> {
    const kept = this.#seen(viewer, name).find(
      ({ statuses }) => status === undefined || statuses.at(-1)?.status === status,
    )
    return Promise.resolve(kept && runOf(kept))
  }

  async change(
    viewer: BuildViewer,
    name: string,
    number: string,
    change: (document: BuildDocument) => BuildInfo,
  ): Promise<BuildRun | undefined> {
    const kept = this.#seen(viewer, name).find(({ build }) => build.number === number)
    if (kept === undefined) return undefined
    const { document, contents } = change(kept.build.document)
    buildTextOf(document)
    kept.build = { ...kept.build, document, contents }
    return runOf(kept)
  }

  delete(viewer: BuildViewer, name: string, selection: RunSelection): Promise<readonly BuildRun[]> {
    const seen = this.#seen(viewer, name)
    const last = new Set(seen.slice(0, selection.butLast ?? 0))
    const gone = seen.filter(
      (kept) =>
        (selection.numbers?.includes(kept.build.number) ?? true) &&
        (selection.startedBefore === undefined || kept.build.started < selection.startedBefore) &&
        !last.has(kept) &&
        !(selection.butNumbers?.includes(kept.build.number) ?? false),
    )
    this.#kept = this.#kept.filter((kept) => !gone.includes(kept))
    return Promise.resolve(gone.map(runOf))
  }

  async rename(viewer: BuildViewer, name: string, to: string): Promise<number> {
    const renamed = this.#seen(viewer, name)
    for (const { build, publisher } of renamed) {
      if (this.#kept.some((kept) => isSame(kept, { ...build, name: to }, publisher))) throw nameTaken(to)
    }
    for (const kept of renamed) {
      kept.build = { ...kept.build, name: to, document: { ...kept.build.document, name: to } }
    }
    return renamed.length
  }

  async addStatus(id: string, status: BuildStatus): Promise<void> {
    this.#kept.find((kept) => `${kept.id}` === id)?.statuses.push(status)
  }

  /** What is listed by builds of this name and number that the viewer sees. */
  contents(viewer: BuildViewer): readonly (BuildContent & { readonly build: BuildInfo })[] {
    return this.#seen(viewer).flatMap(({ build }) => build.contents.map((content) => ({ ...content, build })))
  }

  #seen(viewer: BuildViewer, name?: string): Kept[] {
    return this.#kept
      .filter(({ publisher }) => viewer.kind === 'all' || publisher.id === viewer.id)
      .filter(({ build }) => name === undefined || build.name === name)
      .sort(
        (left, right) => right.build.started.getTime() - left.build.started.getTime() || right.id - left.id,
      )
  }
}

function isSame(kept: Kept, build: BuildInfo, publisher: BuildPublisher): boolean {
  return (
    kept.publisher.id === publisher.id &&
    kept.build.name === build.name &&
    kept.build.number === build.number &&
    kept.build.started.getTime() === build.started.getTime()
  )
}

function runOf({ build: { number, started } }: Kept): BuildRun {
  return { number, started }
}

function nameTaken(name: string): RegistryError {
  return new RegistryError(
    'CONFLICT',
    `there is a run of build ${JSON.stringify(name)} with the same number and start`,
  )
}
