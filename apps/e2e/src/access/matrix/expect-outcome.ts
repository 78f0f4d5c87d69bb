import { makeImage } from '../../support/images.js'
import { errorCodes, type Answer } from '../../support/registry-client.js'
import { nameIn, type Cell, type RegistryRow } from './cell.js'

/** What is different from what had to come; undefined when nothing is. */
export async function tryCell(row: RegistryRow, cell: Cell): Promise<string | undefined> {
  const answer = await row.send(cell)
  const wrong = mismatch(answer, cell) ?? checked(row, answer, cell)
  if (wrong !== undefined) return wrong
  const ghost = ghostOf(cell)
  if (ghost === undefined) return undefined
  const absent = await row.send(ghost)
  const [seen, expected] = [appearance(answer, cell), appearance(absent, ghost)]
  return seen === expected ? undefined : `can be told from what is not there: ${seen} and ${expected}`
}

/** Before it is known what exactly is asked: 403 to a password, a challenge to everything else. */
function mismatch(answer: Answer, { outcome, visitor, isNobody }: Cell): string | undefined {
  const isTold = isNobody || visitor.login === 'Bearer'
  const refusal = isTold ? { status: 401, code: 'UNAUTHORIZED' } : { status: 403, code: 'DENIED' }
  const { status, code } = outcome === 'refused' ? refusal : { code: undefined, ...outcome }
  if (answer.status !== status)
    return `${answer.status} ${answer.body.toString('utf8').slice(0, 200)}, not ${status}`
  const hasBody = answer.body.length > 0
  if (code !== undefined && hasBody && errorCodes(answer).join() !== code)
    return `${errorCodes(answer).join()}, not ${code}`
  const challenge = answer.headers.get('www-authenticate')
  if (status === 401 && !/^Bearer realm="[^"]+",service="[^"]+",scope="/.test(challenge ?? ''))
    return `no proper challenge: ${challenge}`
  return status !== 401 && challenge !== null ? `a challenge with ${status}` : undefined
}

function checked(row: RegistryRow, answer: Answer, cell: Cell): string | undefined {
  if (answer.status >= 300) return undefined
  try {
    row.check?.(answer, cell)
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

const ghost = { tag: 'ghostly', image: makeImage('ghost', 500) }

/**
 * The same request for something that is not there: a repository where nobody is let in, an image where that one is hidden,
 * something that the upstream doesn't have where only those who may deploy learn what it has.
 */
function ghostOf(cell: Cell): Cell | undefined {
  const { outcome, content } = cell
  if (outcome === 'refused') return { ...cell, key: 'm-absent' }
  if (outcome.status === 404) return { ...cell, prefix: 'ghost-' }
  return outcome.status === 403 && cell.isReading
    ? { ...cell, content: { ...content, cold: ghost } }
    : undefined
}

/** All that a client sees but the names that it asked for, and what differs in every answer. */
function appearance(answer: Answer, cell: Cell): string {
  const names = (['app', 'far', 'in'] as const).flatMap((leaf) => {
    const name = nameIn(cell, leaf)
    return [name, name.slice(cell.key.length + 1)]
  })
  const { tag, image } = cell.content.cold
  const items = [tag, image.digest, ...image.blobs.keys()]
  const headers = [...answer.headers]
    .filter(([name]) => !['date', 'x-request-id', 'content-length'].includes(name))
    .map((header) => header.join(': '))
    .toSorted()
  const shown = JSON.stringify([answer.status, headers, answer.body.toString('utf8')])
  const withoutItems = items.reduce((text, item) => text.replaceAll(item, '<item>'), shown)
  return names
    .reduce((text, name) => text.replaceAll(name, '<name>'), withoutItems)
    .replaceAll(cell.key, '<key>')
}
