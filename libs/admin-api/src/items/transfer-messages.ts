import { addressText, type TransferEvent } from '@entrepot/oci-repository'

export interface TransferMessage {
  readonly level: 'INFO' | 'WARNING' | 'ERROR'
  readonly message: string
}

export interface TransferSummary {
  readonly move: boolean
  readonly dryRun: boolean
  /** `local:team/app`, as Artifactory writes paths here. */
  readonly from: string
  readonly to: string
}

/** Manifests beyond these are only counted. */
const maximumLines = 1000

/** What was done, or in a dry run would be: a line for each manifest, then all of it in one. */
export function transferMessages(
  { move, dryRun, from, to }: TransferSummary,
  events: readonly TransferEvent[],
): readonly TransferMessage[] {
  const lines = events.slice(0, maximumLines).map((event) => lineOf(event, { move, dryRun }))
  const count = events.filter(({ kind }) => kind === 'transferred').length
  const failures = events.filter(({ kind }) => kind === 'failed').length
  const doing = `${dryRun ? 'dry run of ' : ''}${move ? 'moving' : 'copying'} ${from} to ${to}`
  const manifests = `${count} ${count === 1 ? 'manifest' : 'manifests'}`
  const done = dryRun ? 'would be' : count === 1 ? 'was' : 'were'
  const result = `${manifests} ${done} ${move ? 'moved' : 'copied'}`
  const last: TransferMessage =
    failures > 0
      ? { level: 'ERROR', message: `${doing} failed for ${failures}, ${result}` }
      : { level: 'INFO', message: `${doing} completed successfully, ${result}` }
  return [...lines, last]
}

function lineOf(
  event: TransferEvent,
  { move, dryRun }: Pick<TransferSummary, 'move' | 'dryRun'>,
): TransferMessage {
  if (event.kind === 'surplus') return { level: 'WARNING', message: surplusLine(event, dryRun) }
  const ends = `${event.from.repository}:${addressText(event.from)} to ${event.to.repository}:${addressText(event.to)}`
  if (event.kind === 'failed') return { level: 'ERROR', message: `${ends}: ${event.error.message}` }
  const verb = dryRun ? `would be ${move ? 'moved' : 'copied'}` : move ? 'moved' : 'copied'
  const instead = event.replaced === undefined ? '' : `, in place of ${event.replaced}`
  return { level: 'INFO', message: `${ends}: ${verb}${instead}` }
}

function surplusLine(
  { repository, image, oldTags, surplus }: Extract<TransferEvent, { readonly kind: 'surplus' }>,
  dryRun: boolean,
): string {
  const went = dryRun ? 'would go' : 'went'
  const names = [...surplus.tags.map(({ tag }) => tag), ...surplus.manifests].slice(0, 10).join(', ')
  const manifests = surplus.manifests.length
  const what = [
    ...(oldTags > 0 ? [`${oldTags} older ${oldTags === 1 ? 'tag' : 'tags'}`] : []),
    ...(manifests > 0 ? [`${manifests} overwritten ${manifests === 1 ? 'manifest' : 'manifests'}`] : []),
  ].join(' and ')
  const list = names === '' ? '' : ` (${names})`
  return `${what} of ${repository}:${image}${list} ${went}: the repository keeps only so many of an image`
}
