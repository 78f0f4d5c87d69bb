import type { ConfigurationAdministration, ConfigurationDifference } from '@entrepot/admin-api'
import { isRegistryError, type Logger } from '@entrepot/kernel'
import { EverySecret } from '../configuration/server-secrets.js'
import type { ConfigurationFile } from '../settings/load-settings.js'
import { StartupError } from './startup-error.js'

const author = { actor: 'server', realm: undefined, origin: { address: 'local', requestId: '' } }

/**
 * Makes everything as the file says, before anybody is answered. What is so already is not touched, so that of several
 * replicas one does it.
 * @returns whether it has set the password of `admin`
 * @throws StartupError with everything that is wrong with the file; nothing is changed then
 */
export async function applyConfiguration(
  administration: Pick<ConfigurationAdministration, 'apply'>,
  { file, content }: ConfigurationFile,
  environment: NodeJS.ProcessEnv,
  logger: Pick<Logger, 'info' | 'warn'>,
): Promise<boolean> {
  const { changes, notices } = await applied(administration, file, content, environment)
  for (const { change, path, secrets } of changes) {
    logger.info(
      { change, path, ...(secrets.length === 0 ? {} : { secrets }) },
      `configuration: ${change} ${path}`,
    )
  }
  for (const notice of notices) logger.warn({ notice }, `configuration: ${notice}`)
  logger.info({ file, changes: changes.length }, 'the configuration is applied')
  return changes.some(
    ({ subject, secrets }) => subject.kind === 'user' && subject.name === 'admin' && secrets.length > 0,
  )
}

async function applied(
  administration: Pick<ConfigurationAdministration, 'apply'>,
  file: string,
  content: ConfigurationFile['content'],
  environment: NodeJS.ProcessEnv,
): Promise<ConfigurationDifference> {
  try {
    return await administration.apply(content, new EverySecret(environment), author)
  } catch (error) {
    throw explained(file, error)
  }
}

function explained(file: string, error: unknown): unknown {
  if (!isRegistryError(error, 'REQUEST_INVALID', 'NAME_UNKNOWN', 'CONFLICT')) return error
  const problems = [error, ...error.siblings].map(({ message }) => `  - ${message}`)
  return new StartupError(`the configuration in ${file} is not applied:\n${problems.join('\n')}`, {
    cause: error,
  })
}
