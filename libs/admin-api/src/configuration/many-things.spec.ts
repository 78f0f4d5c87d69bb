import { describe, expect, it } from 'vitest'
import { ConfigurationInstance } from '../testing/configuration-instance.js'

const count = 400

const many = (kind: string, thing: (name: string) => object) =>
  Object.fromEntries(Array.from({ length: count }, (_, at) => [`${kind}-${at}`, thing(`${kind}-${at}`)]))

const document = {
  repositories: many('repository', () => ({ rclass: 'local', packageType: 'docker' })),
  groups: many('group', (name) => ({ description: name })),
  users: many('user', (name) => ({ kind: 'robot', groups: [name.replace('user', 'group')] })),
  permissionTargets: many('target', (name) => ({
    repo: {
      repositories: [name.replace('target', 'repository')],
      actions: { groups: { [name.replace('target', 'group')]: ['read'] } },
    },
  })),
}

describe('a document of many things', () => {
  it('lets others have their turn while it is planned', async () => {
    let turns = 0
    let isPlanning = true
    const take = () => {
      turns += 1
      if (isPlanning) setImmediate(take)
    }
    setImmediate(take)
    const { changes } = await new ConfigurationInstance().diff(document)
    isPlanning = false
    expect(changes).toHaveLength(4 * count)
    expect(turns).toBeGreaterThan(40)
  })

  it('is all made, and all gone again when it prunes', async () => {
    const instance = new ConfigurationInstance()
    await instance.apply(document)
    const sections = Object.keys(document)
    const nothing = Object.fromEntries(sections.map((section) => [section, {}]))
    const { changes } = await instance.apply({ ...nothing, prune: { sections } })
    expect(changes.map(({ change }) => change)).toEqual(Array.from({ length: 4 * count }, () => 'delete'))
    expect(await instance.administration.export()).toMatchObject(nothing)
    expect(instance.audit.entries).toHaveLength(8 * count)
  })

  it('that is wrong in all of it is told a hundred of them, and how many more', async () => {
    const wrong = { groups: many('group', () => ({ members: [] })) }
    const refusal = await new ConfigurationInstance().diff(wrong).catch((error: unknown) => error)
    const { message, siblings } = refusal as { message: string; siblings: readonly Error[] }
    expect(message).toContain('groups.group-0.members: is no field here')
    expect(siblings).toHaveLength(100)
    expect(siblings.at(-1)?.message).toBe(`and ${count - 100} more`)
  })
})
