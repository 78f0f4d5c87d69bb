import { localConfig, remoteConfig, virtualConfig } from '@entrepot/repositories/testing'
import type { ItemTransferRequest } from '../items/item-transfer.js'
import { addressText, type TransferEvent } from '../manifest-transfer.js'
import type { RequestContext } from '../request-context.js'
import { Workbench } from './workbench.js'

/** With repositories to copy between. */
export async function transferBench(): Promise<Workbench> {
  const made = new Workbench()
  await made.add(
    localConfig('dev'),
    localConfig('other'),
    localConfig('prod', { excludesPattern: '**/hidden' }),
    virtualConfig('all', ['dev', 'other', 'prod'], { defaultDeploymentRepo: 'dev' as never }),
    virtualConfig('reading', ['dev']),
    remoteConfig('remote', 'http://127.0.0.1:1'),
  )
  return made
}

/** How it is asked for, where not as usual. */
export type TransferHow = Partial<
  Omit<ItemTransferRequest, 'source' | 'target' | 'sourcePath' | 'targetPath'>
>

/** @param from `dev/team/app` @param to the same; with a slash at the end for into */
export async function transferOn(
  on: Workbench,
  from: string,
  to: string,
  how: TransferHow = {},
  context: RequestContext = on.context(),
) {
  const [source, sourcePath] = split(from)
  const [target, targetPath] = split(to)
  const request = {
    source: on.repository(source),
    sourcePath: sourcePath.replace(/\/$/, ''),
    target: on.repository(target),
    targetPath: targetPath.replace(/\/$/, ''),
    into: to.endsWith('/'),
    move: false,
    dryRun: false,
    failFast: false,
    ...how,
  }
  const plan = await on.itemTransfer.plan(request, context)
  const events: TransferEvent[] = []
  for await (const event of on.itemTransfer.run(plan, request, context)) events.push(event)
  return { ...plan, events, done: events.flatMap(shown) }
}

function split(path: string): readonly [string, string] {
  const slash = path.indexOf('/')
  return slash < 0 ? [path, ''] : [path.slice(0, slash), path.slice(slash + 1)]
}

function shown(event: TransferEvent): string[] {
  if (event.kind === 'surplus') return []
  const ends = `${event.from.repository}/${addressText(event.from)} -> ${event.to.repository}/${addressText(event.to)}`
  return [event.kind === 'failed' ? `${event.error.code}: ${ends}` : ends]
}

/** `done`, or what it failed with. */
export const codeOf = async (work: Promise<unknown>) =>
  work.then(
    () => 'done',
    (error: { code?: string }) => error.code,
  )

/** Everything that is stored, as text. */
export async function snapshot(of: Workbench): Promise<string> {
  const lines: string[] = []
  for (const [id, key] of of.keys) {
    for (const image of await of.manifests.images(id, { limit: 1000, after: undefined })) {
      const tags = await of.manifests.tags(id, image, { limit: 1000, after: undefined })
      for (const tag of tags) {
        lines.push(`${key}/${image}:${tag} ${(await of.manifests.findByTag(id, image, tag))?.digest}`)
      }
      lines.push(`${key}/${image} ${await of.manifests.hasImage(id, image)}`)
    }
  }
  return [...lines, `${of.manifests.tagEvents.length} events`, `${of.index.linkCount} links`].join('\n')
}
