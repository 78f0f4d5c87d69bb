import type { ConfigurationAdministration, ConfigurationDifference } from '@entrepot/admin-api'
import { RegistryError } from '@entrepot/kernel'
import { describe, expect, it } from 'vitest'
import { applyConfiguration } from './apply-configuration.js'
import { StartupError } from './startup-error.js'

type Apply = ConfigurationAdministration['apply']

const file = { file: '/etc/entrepot.yaml', content: { users: {} } }

function recordingLogger() {
  const lines: string[] = []
  const record = (level: string) => (_fields: object, message: string) =>
    void lines.push(`${level} ${message}`)
  return { lines, logger: { info: record('info'), warn: record('warn') } }
}

const change = (name: string, secrets: readonly string[]): ConfigurationDifference['changes'][number] => ({
  change: 'update',
  path: `users.${name}`,
  before: {},
  after: {},
  secrets,
  action: 'user.update',
  subject: { kind: 'user', name },
})

const applying = (
  changes: ConfigurationDifference['changes'],
  notices: readonly string[] = [],
): { apply: Apply } => ({
  apply: () => Promise.resolve({ changes, notices }),
})

describe('the configuration at the start', () => {
  it('is applied as the server, with every variable, and told in the log', async () => {
    const { lines, logger } = recordingLogger()
    const given: unknown[] = []
    const apply: Apply = async (content, source, author) => {
      given.push(content, await source.read({ env: 'HOME' }), author)
      return { changes: [change('ann', [])], notices: ['users.ann.password: it stays'] }
    }
    expect(await applyConfiguration({ apply }, file, { HOME: '/root' }, logger)).toBe(false)
    expect(given).toEqual([
      { users: {} },
      { kind: 'text', text: '/root' },
      { actor: 'server', realm: undefined, origin: { address: 'local', requestId: '' } },
    ])
    expect(lines).toEqual([
      'info configuration: update users.ann',
      'warn configuration: users.ann.password: it stays',
      'info the configuration is applied',
    ])
  })

  it.each([
    ['admin', ['password'], true],
    ['admin', [], false],
    ['ann', ['password'], false],
  ])('that changes %s %j has set the password of admin: %s', async (name, secrets, isSet) => {
    const { logger } = recordingLogger()
    expect(await applyConfiguration(applying([change(name, secrets)]), file, {}, logger)).toBe(isSet)
  })

  it('stops the start with everything that is wrong, when it is refused', async () => {
    const siblings = [new RegistryError('REQUEST_INVALID', 'groups.b: is wrong')]
    const apply: Apply = () =>
      Promise.reject(new RegistryError('REQUEST_INVALID', 'users.a: is wrong', { siblings }))
    const { logger, lines } = recordingLogger()
    const start = applyConfiguration({ apply }, file, {}, logger)
    await expect(start).rejects.toThrow(StartupError)
    await expect(start).rejects.toThrow(
      'the configuration in /etc/entrepot.yaml is not applied:\n  - users.a: is wrong\n  - groups.b: is wrong',
    )
    expect(lines).toEqual([])
  })

  it('stops the start with the failure itself, when the database is not there', async () => {
    const failure = new RegistryError('UNAVAILABLE', 'the metadata database cannot be reached')
    const { logger } = recordingLogger()
    await expect(applyConfiguration({ apply: () => Promise.reject(failure) }, file, {}, logger)).rejects.toBe(
      failure,
    )
  })
})
