import { InMemoryOrderedSettingsStore } from './in-memory-ordered-settings-store.js'
import { orderedSettingsStoreContract } from './ordered-settings-store.contract.js'

orderedSettingsStoreContract('InMemoryOrderedSettingsStore', async () => new InMemoryOrderedSettingsStore())
