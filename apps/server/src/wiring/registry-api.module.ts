import { randomUUID } from 'node:crypto'
import { AdministratorsOnly } from '@entrepot/access'
import {
  HeaderAuthenticator,
  InternalAuthenticator,
  JwtTokenService,
  RefreshTokens,
} from '@entrepot/identity'
import { createRegistryHandler, defaultRegistryApiSettings, type HandlerRuntime } from '@entrepot/oci-api'
import { ConfiguredOciRepositories } from '@entrepot/oci-repository'
import { Module } from '@nestjs/common'
import { clientAddressOf } from '../http/client-address.js'
import { PinoLogger } from '../logging/pino-logger.js'
import { Metrics } from '../metrics/metrics.js'
import type { Settings } from '../settings/settings.js'
import { settingsToken } from './core.module.js'
import { IdentityModule } from './identity.module.js'
import { RepositoriesModule } from './repositories.module.js'

/** The injection token of the plain handler behind `/v2`. */
export const registryHandlerToken = Symbol('RegistryHandler')

const credentialsToken = Symbol('TokenCredentials')
const runtimeToken = Symbol('HandlerRuntime')

/** `/v2` and the token endpoint. */
@Module({
  imports: [IdentityModule, RepositoriesModule],
  providers: [
    {
      provide: credentialsToken,
      inject: [HeaderAuthenticator, InternalAuthenticator, RefreshTokens],
      useFactory: (
        requestAuthenticator: HeaderAuthenticator,
        authenticator: InternalAuthenticator,
        refreshTokens: RefreshTokens,
      ) => ({ requestAuthenticator, authenticator, refreshTokens }),
    },
    {
      provide: runtimeToken,
      inject: [PinoLogger, Metrics],
      useFactory: (logger: PinoLogger, observer: Metrics): HandlerRuntime => ({
        newRequestId: randomUUID,
        clientAddressOf,
        monotonicNow: () => performance.now(),
        logger,
        observer,
      }),
    },
    {
      provide: registryHandlerToken,
      inject: [
        settingsToken,
        ConfiguredOciRepositories,
        AdministratorsOnly,
        JwtTokenService,
        credentialsToken,
        runtimeToken,
      ],
      useFactory: (
        { publicUrl, defaultRepository, trustForwardedHeaders }: Settings,
        directory: ConfiguredOciRepositories,
        policy: AdministratorsOnly,
        tokens: JwtTokenService,
        credentials: Parameters<typeof createRegistryHandler>[0]['credentials'],
        runtime: HandlerRuntime,
      ) =>
        createRegistryHandler({
          directory,
          policy,
          tokens,
          credentials,
          settings: { ...defaultRegistryApiSettings, publicUrl, defaultRepository, trustForwardedHeaders },
          runtime,
        }),
    },
  ],
  exports: [registryHandlerToken],
})
export class RegistryApiModule {}
