import type { Broadcast } from '@entrepot/coordination'
import {
  PostgresOidcLoginStore,
  PostgresOidcProviderStore,
  PostgresUserAccountStore,
} from '@entrepot/database'
import {
  AccessTokens,
  OidcLogin,
  OidcLoginTokens,
  OidcProviders,
  OidcTokenExchange,
} from '@entrepot/identity'
import { systemClock } from '@entrepot/kernel'
import { type BeforeApplicationShutdown, Module, type OnModuleInit } from '@nestjs/common'
import { PinoLogger } from '../logging/pino-logger.js'
import { broadcastToken, CoordinationModule } from './coordination.module.js'
import { DatabaseModule } from './database.module.js'
import { IdentityModule } from './identity.module.js'

/** OpenID providers: logins there, and the exchange of their tokens. */
@Module({
  imports: [CoordinationModule, DatabaseModule, IdentityModule],
  providers: [
    {
      provide: OidcProviders,
      inject: [PostgresOidcProviderStore, broadcastToken, PinoLogger],
      useFactory: (store: PostgresOidcProviderStore, broadcast: Broadcast, logger: PinoLogger) =>
        new OidcProviders(store, broadcast, logger, systemClock),
    },
    {
      provide: OidcTokenExchange,
      inject: [OidcProviders, AccessTokens, PostgresUserAccountStore, PinoLogger],
      useFactory: (
        providers: OidcProviders,
        accessTokens: AccessTokens,
        users: PostgresUserAccountStore,
        logger: PinoLogger,
      ) => new OidcTokenExchange(providers, accessTokens, users, logger),
    },
    {
      provide: OidcLoginTokens,
      inject: [AccessTokens, PostgresUserAccountStore, PinoLogger],
      useFactory: (accessTokens: AccessTokens, users: PostgresUserAccountStore, logger: PinoLogger) =>
        new OidcLoginTokens(accessTokens, users, logger),
    },
    {
      provide: OidcLogin,
      inject: [OidcProviders, PostgresOidcLoginStore, OidcLoginTokens, PinoLogger],
      useFactory: (
        providers: OidcProviders,
        pending: PostgresOidcLoginStore,
        tokens: OidcLoginTokens,
        logger: PinoLogger,
      ) => new OidcLogin(providers, pending, tokens, { clock: systemClock, logger }),
    },
  ],
  exports: [OidcLogin, OidcProviders, OidcTokenExchange],
})
export class OpenIdModule implements OnModuleInit, BeforeApplicationShutdown {
  constructor(private readonly providers: OidcProviders) {}

  async onModuleInit(): Promise<void> {
    await this.providers.start()
  }

  beforeApplicationShutdown(): void {
    this.providers.stop()
  }
}
