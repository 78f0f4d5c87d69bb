import { PinoLogger } from '../logging/pino-logger.js'
import { type LoadedSettings, loadSettings } from '../settings/load-settings.js'
import { SettingsError } from '../settings/settings-error.js'
import { Server } from './server.js'
import { ServerProcess } from './server-process.js'
import { Terminal } from './terminal.js'

/** EX_CONFIG of sysexits.h: starting again changes nothing. */
const configurationExitCode = 78

/** Runs the server until a signal, or the end of the launcher, stops it; the process ends with its exit code. */
export async function runServer(): Promise<void> {
  const terminal = new Terminal(process.stderr)
  const { settings, configuration, warnings } = settingsOrExit(terminal)
  const logger = PinoLogger.create(settings.logLevel)
  for (const warning of warnings) logger.warn({}, warning)
  const server = new Server(settings, configuration, logger, terminal)
  const options = { graceSeconds: settings.shutdownGraceSeconds, logger, terminal }
  await new ServerProcess(server, options, process).run()
}

function settingsOrExit(terminal: Terminal): LoadedSettings {
  try {
    return loadSettings(process.env)
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error
    terminal.say(error.message)
    process.exit(configurationExitCode)
  }
}
