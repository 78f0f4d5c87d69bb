import { InitialSchema1763596800000 } from './1763596800000-initial-schema.js'

/** All migrations, in order. */
export const migrations = [InitialSchema1763596800000]
