import type { Contender } from './contender.js'
import { startDistribution } from './distribution.js'
import { startEntrepot } from './entrepot.js'
import { findDistribution28, findDistribution31 } from './find-distribution.js'

export interface Missing {
  readonly key: string
  readonly reason: string
}

/**
 * Starts all contenders that can be had, or those of `keys`. Entrepot must start; the others may be missing.
 * @param started gets each one as soon as it runs, so that it is stopped whatever happens to the next
 */
export async function startContenders(
  folder: string,
  keys: readonly string[],
  started: Contender[],
  say: (text: string) => void,
): Promise<readonly Missing[]> {
  const starters: Record<Contender['key'], () => Promise<Contender>> = {
    entrepot: () => startEntrepot(folder),
    'distribution-3.1': async () => {
      const { command, version } = await findDistribution31(say)
      return startDistribution(folder, { key: 'distribution-3.1', title: `Distribution ${version}`, command })
    },
    'distribution-2.8': async () => {
      const { command, version } = await findDistribution28()
      return startDistribution(folder, {
        key: 'distribution-2.8',
        title: `docker-registry ${version}`,
        command,
      })
    },
  }
  const unknown = keys.find((key) => !(key in starters))
  if (unknown !== undefined) {
    throw new Error(`no contender ${unknown}: there are ${Object.keys(starters).join(', ')}`)
  }
  const missing: Missing[] = []
  for (const [key, start] of Object.entries(starters)) {
    if (keys.length > 0 && !keys.includes(key)) continue
    try {
      started.push(await start())
    } catch (error) {
      if (key === 'entrepot') throw error
      missing.push({ key, reason: error instanceof Error ? error.message : String(error) })
    }
  }
  return missing
}
