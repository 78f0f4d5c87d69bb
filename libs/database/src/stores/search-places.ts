import { Places } from '@entrepot/kernel'

/**
 * A search may take seconds. Of one kind only a few run at once, so that most connections of the pool are left to pulls
 * and pushes, however many search.
 */
export function searchPlaces(): Places {
  return new Places({ concurrency: 2, waiting: 20 }, 'searches')
}
