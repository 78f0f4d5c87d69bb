import { Database, PostgresUserAccountStore } from '@entrepot/database'
import { PasswordHasher } from '@entrepot/identity'
import { RepositoryDirectory } from '@entrepot/repositories'
import { Module } from '@nestjs/common'
import { FirstStart } from '../lifecycle/first-start.js'
import { PinoLogger } from '../logging/pino-logger.js'
import { DatabaseModule } from './database.module.js'
import { IdentityModule } from './identity.module.js'
import { RepositoriesModule } from './repositories.module.js'

@Module({
  imports: [DatabaseModule, IdentityModule, RepositoriesModule],
  providers: [
    {
      provide: FirstStart,
      inject: [PostgresUserAccountStore, PasswordHasher, RepositoryDirectory, Database, PinoLogger],
      useFactory: (
        users: PostgresUserAccountStore,
        hasher: PasswordHasher,
        repositories: RepositoryDirectory,
        database: Database,
        logger: PinoLogger,
      ) => new FirstStart(users, hasher, repositories, database, logger),
    },
  ],
  exports: [FirstStart],
})
export class FirstStartModule {}
