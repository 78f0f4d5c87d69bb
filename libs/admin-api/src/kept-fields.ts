import type { LocalConfig, RemoteConfig, VirtualConfig } from '@entrepot/repositories'
import type { LocalRepositoryDto } from './local-repository.dto.js'
import { noContentSynchronisation, type RemoteRepositoryDto } from './remote-repository.dto.js'
import type { VirtualRepositoryDto } from './virtual-repository.dto.js'

/** The fields of a DTO that its config has no member for: a new one without a default below does not compile. */
type KeptFields<D, C> = { readonly [K in Exclude<keyof D, keyof C>]-?: D[K] | undefined }

const common = {
  repoLayoutRef: 'simple-default',
  projectKey: '',
  environments: [],
  xrayIndex: false,
  archiveBrowsingEnabled: false,
  downloadRedirect: false,
  cdnRedirect: false,
  propertySets: [],
}

const local: KeptFields<LocalRepositoryDto, LocalConfig> = {
  ...common,
  dockerApiVersion: 'V2',
}

const remote: KeptFields<RemoteRepositoryDto, RemoteConfig> = {
  ...common,
  remoteRepoLayoutRef: '',
  synchronizeProperties: false,
  enableCookieManagement: false,
  /** Shown only when it was given: to clients no certificate is another thing than one without a name. */
  clientTlsCertificate: undefined,
  listRemoteFolderItems: false,
  disableUrlNormalization: false,
  shareConfiguration: false,
  contentSynchronisation: noContentSynchronisation,
  enableTokenAuthentication: false,
  blockPushingSchema1: false,
  dockerProjectId: '',
  curated: false,
  passThrough: false,
  unusedArtifactsCleanupPeriodHours: 0,
}

const virtual: KeptFields<VirtualRepositoryDto, VirtualConfig> = {
  ...common,
  artifactoryRequestsCanRetrieveRemoteArtifacts: false,
}

/** Fields of Artifactory's contract that are kept and shown but have no effect, with Artifactory's defaults. */
export const keptFields = { local, remote, virtual }
