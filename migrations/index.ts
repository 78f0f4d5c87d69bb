import { InitialSchema1763596800000 } from './1763596800000-initial-schema.js'
import { IdentityAndAccess1763683200000 } from './1763683200000-identity-and-access.js'
import { BlobsOfImages1763769600000 } from './1763769600000-blobs-of-images.js'
import { Properties1763856000000 } from './1763856000000-properties.js'
import { Builds1763942400000 } from './1763942400000-builds.js'
import { Proxies1764028800000 } from './1764028800000-proxies.js'
import { LeftManifests1764115200000 } from './1764115200000-left-manifests.js'
import { ForeignLayers1764115300000 } from './1764115300000-foreign-layers.js'
import { TokenParents1764201600000 } from './1764201600000-token-parents.js'

/** All migrations, in order. */
export const migrations = [
  InitialSchema1763596800000,
  IdentityAndAccess1763683200000,
  BlobsOfImages1763769600000,
  Properties1763856000000,
  Builds1763942400000,
  Proxies1764028800000,
  LeftManifests1764115200000,
  ForeignLayers1764115300000,
  TokenParents1764201600000,
]
