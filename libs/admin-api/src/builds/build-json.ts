import type { BuildRun, BuildStatus, BuildSummary, StoredBuild } from '@entrepot/builds'

/** As JFrog's clients write and read times: with a numeric offset without colon. */
export function buildTime(moment: Date): string {
  return moment.toISOString().replace('Z', '+0000')
}

export function buildsJson(base: string, builds: readonly BuildSummary[]): object {
  return {
    uri: base,
    builds: builds.map(({ name, lastStarted }) => ({
      uri: `/${encodeURIComponent(name)}`,
      lastStarted: buildTime(lastStarted),
    })),
  }
}

export function runsJson(base: string, name: string, runs: readonly BuildRun[]): object {
  return {
    uri: `${base}/${encodeURIComponent(name)}`,
    buildsNumbers: runs.map(({ number, started }) => ({
      uri: `/${encodeURIComponent(number)}`,
      started: buildTime(started),
    })),
  }
}

/** The document as it was published, and what was decided since. */
export function buildJson(base: string, { name, number, document, statuses }: StoredBuild): object {
  const said = statuses.map(statusJson)
  return {
    buildInfo: said.length === 0 ? document : { ...document, statuses: said },
    uri: `${base}/${encodeURIComponent(name)}/${encodeURIComponent(number)}`,
  }
}

function statusJson({ status, timestamp, comment, repository, ciUser, user }: BuildStatus): object {
  return {
    status,
    ...(comment === undefined ? {} : { comment }),
    ...(repository === undefined ? {} : { repository }),
    timestamp: buildTime(timestamp),
    user,
    ...(ciUser === undefined ? {} : { ciUser }),
  }
}
