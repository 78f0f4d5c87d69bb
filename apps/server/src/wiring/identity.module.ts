import {
  ConfiguredDirectories,
  DirectoryConfirmations,
  HeaderAuthenticator,
  InternalAuthenticator,
  JwtTokenService,
  PasswordHasher,
  PrincipalSource,
  RefreshTokens,
  SigningKeys,
  type UserDirectories,
} from '@entrepot/identity'
import { AdministratorsOnly } from '@entrepot/access'
import {
  PostgresRefreshTokenStore,
  PostgresSigningKeyStore,
  PostgresUserAccountStore,
} from '@entrepot/database'
import { systemClock } from '@entrepot/kernel'
import { defaultRegistryApiSettings } from '@entrepot/oci-api'
import { Module } from '@nestjs/common'
import { PinoLogger } from '../logging/pino-logger.js'
import type { Settings } from '../settings/settings.js'
import { settingsToken } from './core.module.js'
import { DatabaseModule } from './database.module.js'
import { DirectoriesModule } from './directories.module.js'

const { service } = defaultRegistryApiSettings

/** The directories that are asked, in their order. */
export const userDirectoriesToken = Symbol('UserDirectories')

/** Who is asking and what they may do. Other sources of identities join here. */
@Module({
  imports: [DatabaseModule, DirectoriesModule],
  providers: [
    { provide: PasswordHasher, useFactory: () => new PasswordHasher() },
    { provide: AdministratorsOnly, useFactory: () => new AdministratorsOnly() },
    { provide: userDirectoriesToken, useExisting: ConfiguredDirectories },
    {
      provide: DirectoryConfirmations,
      inject: [PostgresUserAccountStore, userDirectoriesToken, PinoLogger, settingsToken],
      useFactory: (
        users: PostgresUserAccountStore,
        directories: UserDirectories,
        logger: PinoLogger,
        { directoryConfirmationSeconds }: Settings,
      ) =>
        new DirectoryConfirmations(
          users,
          directories,
          systemClock,
          logger,
          directoryConfirmationSeconds * 1000,
        ),
    },
    {
      provide: PrincipalSource,
      inject: [PostgresUserAccountStore, DirectoryConfirmations],
      useFactory: (users: PostgresUserAccountStore, confirmations: DirectoryConfirmations) =>
        new PrincipalSource(users, confirmations, systemClock),
    },
    {
      provide: InternalAuthenticator,
      inject: [PostgresUserAccountStore, PasswordHasher],
      useFactory: (users: PostgresUserAccountStore, hasher: PasswordHasher) =>
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
    PrincipalSource,
    RefreshTokens,
  ],
})
export class IdentityModule {}
