import {
  HeaderAuthenticator,
  InternalAuthenticator,
  JwtTokenService,
  PasswordHasher,
  PrincipalSource,
  RefreshTokens,
  SigningKeys,
} from '@entrepot/identity'
import { AdministratorsOnly } from '@entrepot/access'
import { PostgresRefreshTokenStore, PostgresSigningKeyStore, PostgresUserStore } from '@entrepot/database'
import { systemClock } from '@entrepot/kernel'
import { defaultRegistryApiSettings } from '@entrepot/oci-api'
import { Module } from '@nestjs/common'
import { DatabaseModule } from './database.module.js'

const { service } = defaultRegistryApiSettings

/** Who is asking and what they may do. Other sources of identities join here. */
@Module({
  imports: [DatabaseModule],
  providers: [
    { provide: PasswordHasher, useFactory: () => new PasswordHasher() },
    { provide: AdministratorsOnly, useFactory: () => new AdministratorsOnly() },
    {
      provide: PrincipalSource,
      inject: [PostgresUserStore],
      useFactory: (users: PostgresUserStore) => new PrincipalSource(users, systemClock),
    },
    {
      provide: InternalAuthenticator,
      inject: [PostgresUserStore, PasswordHasher],
      useFactory: (users: PostgresUserStore, hasher: PasswordHasher) =>
        new InternalAuthenticator(users, hasher, systemClock),
    },
    {
      provide: JwtTokenService,
      inject: [PostgresSigningKeyStore, PrincipalSource],
      useFactory: (keys: PostgresSigningKeyStore, principals: PrincipalSource) =>
        new JwtTokenService(
          new SigningKeys(keys, systemClock),
          principals,
          { issuer: service, service },
          systemClock,
        ),
    },
    {
      provide: RefreshTokens,
      inject: [PostgresRefreshTokenStore, PrincipalSource],
      useFactory: (store: PostgresRefreshTokenStore, principals: PrincipalSource) =>
        new RefreshTokens(store, principals, systemClock),
    },
    {
      provide: HeaderAuthenticator,
      inject: [InternalAuthenticator, JwtTokenService],
      useFactory: (passwords: InternalAuthenticator, tokens: JwtTokenService) =>
        new HeaderAuthenticator(passwords, tokens),
    },
  ],
  exports: [
    AdministratorsOnly,
    HeaderAuthenticator,
    InternalAuthenticator,
    JwtTokenService,
    PasswordHasher,
    RefreshTokens,
  ],
})
export class IdentityModule {}
