import { isRegistryError } from '@entrepot/kernel'

/** For routes that create what they don't find: where another client creates it at the same time, it is changed. */
export async function createOrChange<T>(
  find: () => Promise<T | undefined>,
  create: () => Promise<unknown>,
  change: (existing: T) => Promise<unknown>,
): Promise<void> {
  const existing = await find()
  if (existing !== undefined) {
    await change(existing)
    return
  }
  try {
    await create()
  } catch (error) {
    const quicker = isRegistryError(error, 'CONFLICT') ? await find() : undefined
    if (quicker === undefined) throw error
    await change(quicker)
  }
}
