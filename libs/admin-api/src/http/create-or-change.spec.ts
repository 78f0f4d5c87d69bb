import { RegistryError } from '@entrepot/kernel'
import { expect, it } from 'vitest'
import { createOrChange } from './create-or-change.js'

const conflict = () => Promise.reject(new RegistryError('CONFLICT', 'there is one already'))

const run = async (found: readonly (string | undefined)[], create: () => Promise<unknown>) => {
  const left = [...found]
  const changed: string[] = []
  await createOrChange(
    async () => left.shift(),
    create,
    async (existing) => void changed.push(existing),
  )
  return changed
}

it('changes what is there, and creates what is not', async () => {
  expect(await run(['old'], () => Promise.reject(new Error('not to be created')))).toEqual(['old'])
  expect(await run([undefined], async () => 'new')).toEqual([])
})

it('changes what another client has created in between', async () => {
  expect(await run([undefined, 'new'], conflict)).toEqual(['new'])
})

it('passes on a conflict with something else, and every other failure', async () => {
  await expect(run([undefined, undefined], conflict)).rejects.toMatchObject({ code: 'CONFLICT' })
  await expect(run([undefined, 'new'], () => Promise.reject(new Error('lost')))).rejects.toThrow('lost')
})
