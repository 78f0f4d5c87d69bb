export { AdminApiModule, type AdminApiOptions } from './admin-api.module.js'
export type {
  AccountPorts,
  AdminApiPorts,
  BuildPorts,
  ContentPorts,
  LoginPorts,
  OpenIdPorts,
  PermissionPorts,
} from './admin-api-ports.js'
export { Public, RequiresAdministrator, RequiresLogin } from './permission.js'
export { parseRepositoryKey } from './repository-key.js'
