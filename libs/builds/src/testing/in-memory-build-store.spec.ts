import { buildStoreContract } from './build-store.contract.js'
import { InMemoryBuildStore } from './in-memory-build-store.js'

buildStoreContract('InMemoryBuildStore', () => Promise.resolve(new InMemoryBuildStore()))
