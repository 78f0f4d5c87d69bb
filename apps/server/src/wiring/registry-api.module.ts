import { randomUUID } from 'node:crypto'
import { PermissionTargetPolicy } from '@entrepot/access'
import { HeaderAuthenticator, JwtTokenService, LoginGuard, RefreshTokens } from '@entrepot/identity'
import {
  createRegistryHandler,
  defaultRegistryApiSettings,
  type HandlerRuntime,
  type RegistryApiSettings,
} from '@entrepot/oci-api'
import type { AuditTrail } from '@entrepot/kernel'
import { ConfiguredOciRepositories } from '@entrepot/oci-repository'
import { Module } from '@nestjs/common'
import { TrustedProxies } from '../http/trusted-proxies.js'
import { PinoLogger } from '../logging/pino-logger.js'
import { Metrics } from '../metrics/metrics.js'
import type { Settings } from '../settings/settings.js'
import { AuditModule, auditTrailToken } from './audit.module.js'
import { AccessModule } from './access.module.js'
import { settingsToken } from './core.module.js'
import { IdentityModule } from './identity.module.js'
import { RepositoriesModule } from './repositories.module.js'

/** The injection token of the plain handler behind `/v2`. */
export const registryHandlerToken = Symbol('RegistryHandler')

const credentialsToken = Symbol('TokenCredentials')
const apiSettingsToken = Symbol('RegistryApiSettings')
const runtimeToken = Symbol('HandlerRuntime')

/** `/v2` and the token endpoint. */
@Module({
  imports: [AccessModule, AuditModule, IdentityModule, RepositoriesModule],
  providers: [
    {
      provide: credentialsToken,
      inject: [HeaderAuthenticator, LoginGuard, RefreshTokens],
      useFactory: (
        requestAuthenticator: HeaderAuthenticator,
        authenticator: LoginGuard,
        refreshTokens: RefreshTokens,
      ) => ({ requestAuthenticator, authenticator, refreshTokens }),
    },
    {
      provide: runtimeToken,
      inject: [PinoLogger, Metrics, TrustedProxies, auditTrailToken],
      useFactory: (
        logger: PinoLogger,
        observer: Metrics,
        { clientAddressOf }: TrustedProxies,
        audit: AuditTrail,
      ): HandlerRuntime => ({
        newRequestId: randomUUID,
        clientAddressOf,
        monotonicNow: () => performance.now(),
        logger,
        observer,
        audit,
      }),
    },
    {
      provide: apiSettingsToken,
      inject: [settingsToken, TrustedProxies],
      useFactory: (
        { publicUrl, defaultRepository }: Settings,
        { isFromProxy }: TrustedProxies,
      ): RegistryApiSettings => ({
        ...defaultRegistryApiSettings,
        publicUrl,
        defaultRepository,
        isFromProxy,
      }),
    },
    {
      provide: registryHandlerToken,
      inject: [
        apiSettingsToken,
        ConfiguredOciRepositories,
        PermissionTargetPolicy,
        JwtTokenService,
        credentialsToken,
        runtimeToken,
      ],
      useFactory: (
        settings: RegistryApiSettings,
        directory: ConfiguredOciRepositories,
        policy: PermissionTargetPolicy,
        tokens: JwtTokenService,
        credentials: Parameters<typeof createRegistryHandler>[0]['credentials'],
        runtime: HandlerRuntime,
      ) =>
        createRegistryHandler({
          directory,
          policy,
          tokens,
          credentials,
          settings,
          runtime,
        }),
    },
  ],
  exports: [registryHandlerToken],
})
export class RegistryApiModule {}
