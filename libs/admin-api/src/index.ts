export { AdminApiModule, type AdminApiOptions } from './admin-api.module.js'
export type {
  AccountPorts,
  AdminApiPorts,
  BuildPorts,
  ConfigurationPorts,
  ContentPorts,
  LoginPorts,
  OpenIdPorts,
  PermissionPorts,
} from './admin-api-ports.js'
export { ConfigurationAdministration } from './configuration/configuration-administration.js'
export { documentKeys } from './configuration/configuration-document.js'
export type {
  ConfigurationFollower,
  ConfigurationStores,
  ConfigurationTransactions,
} from './configuration/configuration-stores.js'
export { type ConfigurationDifference, differenceJson, differenceText } from './configuration/difference.js'
export { configurationYaml } from './configuration/export-configuration.js'
export type { FoundSecret, SecretReference, SecretSource } from './configuration/secret-source.js'
export { parseYaml } from './http/yaml-text.js'
export { Public, RequiresAdministrator, RequiresLogin } from './permission.js'
export { parseRepositoryKey } from './repository-key.js'
