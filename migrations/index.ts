import { InitialSchema1763596800000 } from './1763596800000-initial-schema.js'
import { IdentityAndAccess1763683200000 } from './1763683200000-identity-and-access.js'

/** All migrations, in order. */
export const migrations = [InitialSchema1763596800000, IdentityAndAccess1763683200000]
