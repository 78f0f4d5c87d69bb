import type { AqlCriterion, ItemField, ItemQuery } from '@entrepot/aql'
import type { StoredBuild } from '@entrepot/builds'
import type { ItemFinder, OciRepository, RequestContext, ShownItem } from '@entrepot/oci-repository'

/** A tag that holds what a build lists. */
export interface BuildTag {
  readonly repository: string
  /** `<image>/<tag>` */
  readonly path: string
}

type Role = 'artifact' | 'dependency'

/**
 * The tags whose manifests a build lists, that the principal may read. The same image may be under other tags too: where
 * some have the build's name and number as properties, as clients set them after a push, only these are meant. What is at
 * the target already is not promoted.
 */
export async function tagsOfBuild(
  finder: ItemFinder,
  { name, number }: StoredBuild,
  roles: readonly Role[],
  { sourceRepo, target }: { readonly sourceRepo: string | undefined; readonly target: OciRepository },
  context: RequestContext,
): Promise<readonly BuildTag[]> {
  const found: ShownItem[] = []
  const at = target.writer?.target ?? target.key
  for (const role of roles) {
    const { items } = await finder.find(queryFor(role, name, number, sourceRepo), context)
    const manifests = items.filter(
      ({ place, content, repository }) =>
        place.kind === 'tag' && content?.isManifest === true && repository.key !== at,
    )
    const has = (item: ShownItem, key: string, value: string) =>
      item.properties.some(([each, given]) => each === key && given === value)
    const own = manifests.filter((item) => has(item, 'build.name', name) && has(item, 'build.number', number))
    found.push(...(own.length > 0 ? own : manifests))
  }
  const tags = found.map(({ repository, path }) => ({ repository: repository.key, path }))
  return [...new Map(tags.map((tag) => [`${tag.repository}/${tag.path}`, tag])).values()]
}

function queryFor(role: Role, name: string, number: string, sourceRepo: string | undefined): ItemQuery {
  const ofBuild = (field: 'name' | 'number', value: string): AqlCriterion<ItemField> => ({
    kind: 'comparison',
    subject: { kind: 'build', role, field },
    comparison: '$eq',
    value,
  })
  const inSource: readonly AqlCriterion<ItemField>[] =
    sourceRepo === undefined
      ? []
      : [
          {
            kind: 'comparison',
            subject: { kind: 'field', field: 'repo' },
            comparison: '$eq',
            value: sourceRepo,
          },
        ]
  return {
    domain: 'items',
    where: { kind: 'and', of: [ofBuild('name', name), ofBuild('number', number), ...inSource] },
    include: { fields: [], properties: ['build.name', 'build.number'] },
    sort: undefined,
    offset: 0,
    limit: undefined,
  }
}
