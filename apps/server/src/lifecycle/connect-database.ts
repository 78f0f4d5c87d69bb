import { setTimeout as delay } from 'node:timers/promises'
import { type DatabaseOptions, EmbeddedPostgres, migrateDatabase } from '@entrepot/database'
import { isRegistryError, type Logger, systemClock } from '@entrepot/kernel'
import { migrations } from '@entrepot-migrations'
import { StartupError } from './startup-error.js'

/** A database that is being started beside us, as by compose, takes a while. */
const patienceMilliseconds = 60_000
const retryMilliseconds = 2_000

/** The PostgreSQL that comes with Entrepot, with its troubles in our log. */
export function embeddedPostgres(
  dataDir: string,
  logger: Logger,
  onProgress: (text: string) => void,
): EmbeddedPostgres {
  return new EmbeddedPostgres({
    dataDir,
    onProgress,
    onUnexpectedExit: (exit) =>
      logger.error({ ...exit }, 'PostgreSQL ended unexpectedly and is started again'),
    onRestarted: () => logger.info({}, 'PostgreSQL runs again'),
  })
}

/**
 * Waits for the database and brings its schema up to date.
 * @throws StartupError when it can't be reached in a minute or can't be used
 */
export async function migrateWhenReachable(
  connection: DatabaseOptions['connection'],
  onProgress: (text: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const deadline = systemClock.now() + patienceMilliseconds
  for (;;) {
    try {
      await migrateDatabase({ connection, migrations, applicationName: 'entrepot migrations' }, onProgress)
      return
    } catch (error) {
      signal.throwIfAborted()
      const mayPass = isRegistryError(error, 'UNAVAILABLE') && systemClock.now() < deadline
      if (!mayPass) throw new StartupError((error as Error).message, { cause: error })
      onProgress(`${error.message}; trying again`)
      await delay(retryMilliseconds, undefined, { signal })
    }
  }
}
