import { readFileSync } from 'node:fs'
import { AuditRecorder, createSyslogOutlet, FileOutlet, StoreOutlet } from '@entrepot/audit'
import { PostgresAuditStore } from '@entrepot/database'
import { systemClock } from '@entrepot/kernel'
import {
  type BeforeApplicationShutdown,
  Inject,
  Module,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
} from '@nestjs/common'
import { AuditRetention } from '../lifecycle/audit-retention.js'
import { StartupError } from '../lifecycle/startup-error.js'
import { PinoLogger } from '../logging/pino-logger.js'
import { Metrics } from '../metrics/metrics.js'
import type { Settings } from '../settings/settings.js'
import { settingsToken } from './core.module.js'
import { DatabaseModule } from './database.module.js'

/** The injection token of the AuditTrail. */
export const auditTrailToken = Symbol('AuditTrail')

const fileOutletToken = Symbol('FileOutlet')

/** However long or short the shutdown may be: what it takes to write a full queue, and to give up on a dead receiver. */
const flushSeconds = { least: 1, most: 10 }

/** Who did what: recorded in the database, and in a file and over syslog where the settings say so. */
@Module({
  imports: [DatabaseModule],
  providers: [
    {
      provide: fileOutletToken,
      inject: [settingsToken],
      useFactory: ({ auditFile }: Settings) => (auditFile === undefined ? undefined : openFile(auditFile)),
    },
    {
      provide: auditTrailToken,
      inject: [settingsToken, PostgresAuditStore, fileOutletToken, Metrics, PinoLogger],
      useFactory: (
        settings: Settings,
        store: PostgresAuditStore,
        file: FileOutlet | undefined,
        metrics: Metrics,
        logger: PinoLogger,
      ) => {
        const outlets = [new StoreOutlet(store), ...(file === undefined ? [] : [file]), ...syslogOf(settings)]
        const recorder = new AuditRecorder(outlets, systemClock, metrics, logger)
        metrics.trackAuditQueues(() => recorder.waiting())
        return recorder
      },
    },
    {
      provide: AuditRetention,
      inject: [PostgresAuditStore, settingsToken, PinoLogger],
      useFactory: (store: PostgresAuditStore, { auditRetentionDays }: Settings, logger: PinoLogger) =>
        new AuditRetention(store, auditRetentionDays, systemClock, logger),
    },
  ],
  exports: [auditTrailToken],
})
export class AuditModule implements OnApplicationBootstrap, OnModuleDestroy, BeforeApplicationShutdown {
  readonly #onHangUp = () => this.file?.reopen()

  constructor(
    @Inject(auditTrailToken) private readonly recorder: AuditRecorder,
    @Inject(fileOutletToken) private readonly file: FileOutlet | undefined,
    @Inject(settingsToken) private readonly settings: Settings,
    private readonly retention: AuditRetention,
  ) {}

  onApplicationBootstrap(): void {
    this.retention.start()
    // Only with a file: else a hang-up goes on ending the process.
    if (this.file !== undefined) process.on('SIGHUP', this.#onHangUp)
  }

  async onModuleDestroy(): Promise<void> {
    await this.retention.stop()
  }

  /** After everything that records has been stopped, before the database connections end. */
  async beforeApplicationShutdown(): Promise<void> {
    process.off('SIGHUP', this.#onHangUp)
    const { least, most } = flushSeconds
    await this.recorder.close(Math.min(Math.max(this.settings.shutdownGraceSeconds, least), most) * 1000)
  }
}

/** A file that can't be written would be found out when somebody needs what is not in it. */
async function openFile(path: string): Promise<FileOutlet> {
  const file = new FileOutlet(path)
  try {
    await file.open()
    return file
  } catch (error) {
    throw new StartupError(
      `ENTREPOT_AUDIT_FILE names ${JSON.stringify(path)}, which can not be written: ${String(error)}`,
      { cause: error },
    )
  }
}

function syslogOf({ auditSyslog, auditSyslogCaFile }: Settings) {
  if (auditSyslog === undefined) return []
  return [createSyslogOutlet(auditSyslog, auditSyslogCaFile && certificatesOf(auditSyslogCaFile))]
}

function certificatesOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new StartupError(
      `ENTREPOT_AUDIT_SYSLOG_CA_FILE names ${JSON.stringify(path)}, which can not be read: ${String(error)}`,
      { cause: error },
    )
  }
}
