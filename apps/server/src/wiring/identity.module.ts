import type { Broadcast } from '@entrepot/coordination'
import {
  AccessTokens,
  AccessTokenUses,
  AuthenticatorChain,
  ConfiguredDirectories,
  DirectoryConfirmations,
  defaultRefusalLimits,
  DirectoryPasswords,
  FailureCount,
  HeaderAuthenticator,
  HeldRefusals,
  InternalPasswords,
  JwtTokenService,
  LiveAccessTokens,
  LockPolicies,
  LoginGuard,
  PasswordHasher,
  PasswordPolicies,
  PasswordMemory,
  PrincipalSource,
  RefreshTokens,
  SigningKeys,
  TokenBearers,
  type UserDirectories,
} from '@entrepot/identity'
import {
  PostgresAccessTokenStore,
  PostgresLoginFailureStore,
  PostgresRefreshTokenStore,
  PostgresSecuritySettingStore,
  PostgresSigningKeyStore,
  PostgresUserAccountStore,
} from '@entrepot/database'
import { type AuditTrail, pause, systemClock } from '@entrepot/kernel'
import { defaultRegistryApiSettings } from '@entrepot/oci-api'
import { type BeforeApplicationShutdown, Module, type OnModuleInit } from '@nestjs/common'
import { PinoLogger } from '../logging/pino-logger.js'
import type { Settings } from '../settings/settings.js'
import { AuditModule, auditTrailToken } from './audit.module.js'
import { broadcastToken, CoordinationModule } from './coordination.module.js'
import { settingsToken } from './core.module.js'
import { DatabaseModule } from './database.module.js'
import { DirectoriesModule } from './directories.module.js'

const { service } = defaultRegistryApiSettings

/** The directories that are asked, in their order. */
export const userDirectoriesToken = Symbol('UserDirectories')

/** Who is asking. Other sources of identities join here. */
@Module({
  imports: [AuditModule, CoordinationModule, DatabaseModule, DirectoriesModule],
  providers: [
    { provide: PasswordHasher, useFactory: () => new PasswordHasher() },
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
      provide: AuthenticatorChain,
      inject: [
        PostgresUserAccountStore,
        PasswordHasher,
        userDirectoriesToken,
        DirectoryConfirmations,
        LiveAccessTokens,
      ],
      useFactory: (
        users: PostgresUserAccountStore,
        hasher: PasswordHasher,
        directories: UserDirectories,
        confirmations: DirectoryConfirmations,
        accessTokens: LiveAccessTokens,
      ) => {
        const memory = new PasswordMemory(systemClock)
        const sources = {
          internal: new InternalPasswords(users, hasher, memory),
          directories: new DirectoryPasswords(directories, confirmations, memory, systemClock),
          confirmations,
          accessTokens,
        }
        return new AuthenticatorChain(users, sources, memory, systemClock)
      },
    },
    {
      provide: SigningKeys,
      inject: [PostgresSigningKeyStore, broadcastToken, PinoLogger, settingsToken],
      useFactory: (
        store: PostgresSigningKeyStore,
        broadcast: Broadcast,
        logger: PinoLogger,
        { signingKeyRotationDays }: Settings,
      ) =>
        new SigningKeys(
          store,
          { broadcast, logger, clock: systemClock },
          { rotationSeconds: signingKeyRotationDays * 24 * 60 * 60 },
        ),
    },
    {
      provide: AccessTokenUses,
      inject: [PostgresAccessTokenStore, PinoLogger],
      useFactory: (store: PostgresAccessTokenStore, logger: PinoLogger) =>
        new AccessTokenUses(store, systemClock, logger),
    },
    {
      provide: LiveAccessTokens,
      inject: [PostgresAccessTokenStore, PrincipalSource, AccessTokenUses],
      useFactory: (store: PostgresAccessTokenStore, principals: PrincipalSource, uses: AccessTokenUses) =>
        new LiveAccessTokens(store, principals, uses, systemClock),
    },
    {
      provide: AccessTokens,
      inject: [PostgresAccessTokenStore, LiveAccessTokens, PostgresUserAccountStore],
      useFactory: (
        store: PostgresAccessTokenStore,
        live: LiveAccessTokens,
        users: PostgresUserAccountStore,
      ) => new AccessTokens(store, live, users, systemClock),
    },
    {
      provide: TokenBearers,
      inject: [PrincipalSource, LiveAccessTokens],
      useFactory: (principals: PrincipalSource, live: LiveAccessTokens) => new TokenBearers(principals, live),
    },
    {
      provide: JwtTokenService,
      inject: [SigningKeys, TokenBearers, settingsToken],
      useFactory: (keys: SigningKeys, bearers: TokenBearers, { bearerTokenSeconds }: Settings) => {
        const lifetimeSeconds = bearerTokenSeconds
        return new JwtTokenService(keys, bearers, { issuer: service, service, lifetimeSeconds }, systemClock)
      },
    },
    {
      provide: RefreshTokens,
      inject: [PostgresRefreshTokenStore, TokenBearers],
      useFactory: (store: PostgresRefreshTokenStore, bearers: TokenBearers) =>
        new RefreshTokens(store, bearers, systemClock),
    },
    {
      provide: LockPolicies,
      inject: [PostgresSecuritySettingStore, broadcastToken, PinoLogger],
      useFactory: (store: PostgresSecuritySettingStore, broadcast: Broadcast, logger: PinoLogger) =>
        new LockPolicies(store, broadcast, logger),
    },
    {
      provide: PasswordPolicies,
      inject: [PostgresSecuritySettingStore, broadcastToken, PinoLogger],
      useFactory: (store: PostgresSecuritySettingStore, broadcast: Broadcast, logger: PinoLogger) =>
        new PasswordPolicies(store, broadcast, logger),
    },
    {
      provide: FailureCount,
      inject: [PostgresLoginFailureStore, LockPolicies, auditTrailToken],
      useFactory: (failures: PostgresLoginFailureStore, policies: LockPolicies, audit: AuditTrail) =>
        new FailureCount(failures, policies, audit, systemClock),
    },
    {
      provide: HeldRefusals,
      inject: [userDirectoriesToken, PostgresUserAccountStore, settingsToken, PinoLogger],
      useFactory: (
        directories: UserDirectories,
        accounts: PostgresUserAccountStore,
        { loginRefusalMilliseconds: stepMilliseconds }: Settings,
        logger: PinoLogger,
      ) =>
        new HeldRefusals(
          { directories, accounts },
          { ...defaultRefusalLimits, stepMilliseconds },
          { clock: systemClock, pause },
          logger,
        ),
    },
    {
      provide: LoginGuard,
      inject: [AuthenticatorChain, FailureCount, HeldRefusals],
      useFactory: (chain: AuthenticatorChain, failures: FailureCount, refusals: HeldRefusals) =>
        new LoginGuard(chain, failures, refusals, systemClock),
    },
    {
      provide: HeaderAuthenticator,
      inject: [LoginGuard, JwtTokenService, LiveAccessTokens],
      useFactory: (passwords: LoginGuard, tokens: JwtTokenService, live: LiveAccessTokens) =>
        new HeaderAuthenticator(passwords, tokens, live),
    },
  ],
  exports: [
    AccessTokens,
    FailureCount,
    HeaderAuthenticator,
    JwtTokenService,
    LiveAccessTokens,
    LockPolicies,
    LoginGuard,
    PasswordHasher,
    PasswordPolicies,
    PrincipalSource,
    RefreshTokens,
    SigningKeys,
  ],
})
export class IdentityModule implements OnModuleInit, BeforeApplicationShutdown {
  constructor(
    private readonly keys: SigningKeys,
    private readonly tokenUses: AccessTokenUses,
    private readonly lockPolicies: LockPolicies,
    private readonly passwordPolicies: PasswordPolicies,
  ) {}

  async onModuleInit(): Promise<void> {
    await this.keys.start()
    await this.lockPolicies.start()
    await this.passwordPolicies.start()
    this.tokenUses.start()
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.keys.stop()
    this.lockPolicies.stop()
    this.passwordPolicies.stop()
    await this.tokenUses.stop()
  }
}
