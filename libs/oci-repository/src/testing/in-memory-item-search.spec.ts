import { type RepositoryId } from '@entrepot/repositories'
import { searchableInMemory } from './searchable-in-memory.js'
import { itemSearchContract } from './item-search.contract.js'

itemSearchContract('InMemoryItemSearch', () =>
  Promise.resolve(searchableInMemory(1 as RepositoryId, 2 as RepositoryId)),
)
