import { ConfigurationAdministration } from '@entrepot/admin-api'
import type { EmbeddedPostgres } from '@entrepot/database'
import { FailureCount } from '@entrepot/identity'
import type { AuditTrail } from '@entrepot/kernel'
import type { RegistryHandler } from '@entrepot/oci-api'
import { CacheFills, RepositoryDirectory } from '@entrepot/repositories'
import { NestFactory } from '@nestjs/core'
import { ExpressAdapter, type NestExpressApplication } from '@nestjs/platform-express'
import { AppModule } from '../app.module.js'
import { HttpFront } from '../http/http-front.js'
import { MetricsAccess } from '../http/metrics-access.js'
import { operationsHandler } from '../http/operations-handler.js'
import { NestLogger } from '../logging/nest-logger.js'
import type { PinoLogger } from '../logging/pino-logger.js'
import { Metrics } from '../metrics/metrics.js'
import { listenAddressText } from '../settings/listen-address.js'
import type { ConfigurationFile } from '../settings/load-settings.js'
import type { Settings } from '../settings/settings.js'
import { auditTrailToken } from '../wiring/audit.module.js'
import { unsealedToken } from '../wiring/database.module.js'
import { registryHandlerToken } from '../wiring/registry-api.module.js'
import { applyConfiguration } from './apply-configuration.js'
import { embeddedPostgres, migrateWhenReachable } from './connect-database.js'
import { defaultRepositories } from './default-repositories.js'
import { FirstStart, type FirstStartOutcome } from './first-start.js'
import { prepareDataFolder } from './prepare-data-folder.js'
import { Readiness } from './readiness.js'
import { StartupError } from './startup-error.js'
import type { Terminal } from './terminal.js'
import { unlockAdministrators } from './unlock-administrators.js'
import { recordForgotten, type Unsealed } from './unseal-secrets.js'

/** The whole server, from its data folder to its port. What was started is stopped in the opposite order. */
export class Server {
  readonly #metrics: Metrics
  #postgres: EmbeddedPostgres | undefined
  #postgresStart: ReturnType<EmbeddedPostgres['start']> | undefined
  #application: NestExpressApplication | undefined
  #front: HttpFront | undefined

  constructor(
    private readonly settings: Settings,
    private readonly configuration: ConfigurationFile | undefined,
    private readonly logger: PinoLogger,
    private readonly terminal: Terminal,
  ) {
    this.#metrics = new Metrics(logger)
  }

  /**
   * @param signal stops starting
   * @throws StartupError, or another error that says what is wrong; `stop` is to be called then as well
   */
  async start(signal: AbortSignal): Promise<void> {
    const progress = (text: string) => this.progress(text)
    await prepareDataFolder(this.settings.dataDir)
    const connection = await this.database(signal)
    await migrateWhenReachable(connection, progress, signal)
    const application = await this.createApplication({ ...this.boot, connection })
    signal.throwIfAborted()
    const firstStart = await application.get(FirstStart).run(this.settings)
    const audit = application.get<AuditTrail>(auditTrailToken)
    recordForgotten(application.get<Unsealed>(unsealedToken), audit)
    await unlockAdministrators(application.get(FailureCount), audit, this.logger)
    const isPasswordSet = await this.configure(application, firstStart)
    await this.listen(
      application,
      isPasswordSet ? { ...firstStart, generatedPassword: undefined } : firstStart,
    )
  }

  /**
   * Running transfers, and then what is being cached, may finish for as long as the settings say.
   * @param force stops waiting for them
   */
  async stop(force: AbortSignal): Promise<void> {
    const deadline = performance.now() + this.settings.shutdownGraceSeconds * 1000
    this.#application?.get(Readiness).shuttingDown()
    const finished = await this.#front?.drain(this.settings.shutdownGraceSeconds * 1000, force)
    if (finished === false) this.logger.warn({}, 'transfers were cut off by the shutdown')
    await this.closeFills(Math.max(deadline - performance.now(), 0), force)
    await this.#application?.close()
    await this.#postgres?.stop()
    // A first start that was stopped: what creates the cluster is still at it for a moment.
    await Promise.allSettled([this.#postgresStart])
  }

  /** For a process that can't wait any more. */
  killDatabase(): void {
    this.#postgres?.killNow()
  }

  private async closeFills(milliseconds: number, force: AbortSignal): Promise<void> {
    const fills = this.#application?.get(CacheFills)
    if (fills === undefined) return
    const hurry = () => void fills.close(0)
    force.addEventListener('abort', hurry)
    await fills.close(force.aborted ? 0 : milliseconds)
    force.removeEventListener('abort', hurry)
  }

  private get boot() {
    return { settings: this.settings, logger: this.logger, metrics: this.#metrics }
  }

  private async database(signal: AbortSignal) {
    if (this.settings.databaseUrl !== undefined) return { url: this.settings.databaseUrl }
    const postgres = embeddedPostgres(this.settings.dataDir, this.logger, (text) => this.progress(text))
    this.#postgres = postgres
    // Starting it is the one long step that can't be interrupted from outside.
    const onAbort = () => void postgres.stop()
    signal.addEventListener('abort', onAbort)
    try {
      this.#postgresStart = postgres.start()
      return await this.#postgresStart
    } catch (error) {
      throw new StartupError((error as Error).message, { cause: error })
    } finally {
      signal.removeEventListener('abort', onAbort)
    }
  }

  private async createApplication(boot: Parameters<typeof AppModule.register>[0]) {
    const application = await NestFactory.create<NestExpressApplication>(
      AppModule.register(boot),
      new ExpressAdapter(),
      { bodyParser: false, logger: new NestLogger(this.logger), abortOnError: false },
    )
    this.#application = application
    application.disable('x-powered-by')
    return application.init()
  }

  /** @returns whether the file says what the password of `admin` is */
  private async configure(
    application: NestExpressApplication,
    { generatedPassword }: FirstStartOutcome,
  ): Promise<boolean> {
    if (this.configuration === undefined) return false
    try {
      const administration = application.get(ConfigurationAdministration)
      return await applyConfiguration(administration, this.configuration, process.env, this.logger)
    } catch (error) {
      // The next start is no first one, and would not show it.
      if (generatedPassword !== undefined) this.terminal.password(generatedPassword)
      throw error
    }
  }

  private async listen(
    application: NestExpressApplication,
    { isFirst, generatedPassword }: FirstStartOutcome,
  ): Promise<void> {
    this.#front = new HttpFront(
      {
        registry: application.get<RegistryHandler>(registryHandlerToken).handle,
        operations: operationsHandler(
          application.get(Readiness),
          this.#metrics,
          this.settings.metricsAccess === 'open' ? undefined : application.get(MetricsAccess),
        ),
        application: application.getHttpAdapter().getInstance(),
      },
      this.logger,
    )
    const address = await this.#front.listen(this.settings.listen)
    this.logger.info({ address: listenAddressText(address) }, 'ready')
    if (!isFirst && !this.terminal.isWatched) return
    const repository = defaultRepositories.at(-1)?.key ?? ''
    const hasRepository = application.get(RepositoryDirectory).find(repository) !== undefined
    this.terminal.welcome({
      address,
      publicUrl: this.settings.publicUrl,
      generatedPassword,
      repository: hasRepository ? repository : undefined,
    })
  }

  private progress(text: string): void {
    this.logger.info({}, text)
    this.terminal.say(text)
  }
}
