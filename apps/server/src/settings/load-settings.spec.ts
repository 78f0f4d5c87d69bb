import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadSettings } from './load-settings.js'
import { SettingsError } from './settings-error.js'

describe('settings', () => {
  let folder: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'entrepot-settings-'))
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  const configFile = (text: string): string => {
    const file = join(folder, 'entrepot.yaml')
    writeFileSync(file, text)
    return file
  }
  const problemsOf = (environment: NodeJS.ProcessEnv): readonly string[] => {
    try {
      loadSettings(environment)
    } catch (error) {
      if (error instanceof SettingsError) return error.problems
      throw error
    }
    return []
  }

  it('have defaults for everything', () => {
    expect(loadSettings({ PATH: '/usr/bin' })).toEqual({
      settings: {
        listen: { host: '0.0.0.0', port: 8080 },
        dataDir: resolve('./data'),
        logLevel: 'info',
        bootstrap: 'default',
        trustedProxies: [],
        auditRetentionDays: 365,
        directoryConfirmationSeconds: 300,
        loginRefusalMilliseconds: 1000,
        bearerTokenSeconds: 300,
        signingKeyRotationDays: 30,
        metricsAccess: 'token',
        shutdownGraceSeconds: 30,
      },
      configuration: undefined,
      warnings: [],
    })
  })

  it.each([
    ['127.0.0.1:0', { host: '127.0.0.1', port: 0 }],
    ['[::1]:8080', { host: '::1', port: 8080 }],
    ['registry.example:80', { host: 'registry.example', port: 80 }],
    [':8080', { host: '0.0.0.0', port: 8080 }],
  ])('take %s as an address', (text, address) => {
    expect(loadSettings({ ENTREPOT_LISTEN: text }).settings.listen).toEqual(address)
  })

  it.each(['8080', 'localhost', '::1:8080', 'host:70000', 'host:', 'http://host:80', 'a b:80'])(
    'refuse %s as an address, naming setting, source, value and what is allowed',
    (text) => {
      expect(problemsOf({ ENTREPOT_LISTEN: text })).toEqual([
        `ENTREPOT_LISTEN (in the environment) is ${JSON.stringify(text)}: ` +
          'expected host:port, such as 0.0.0.0:8080, [::1]:8080 or :8080',
      ])
    },
  )

  it('come from a file, and the environment wins', () => {
    const file = configFile('listen: ":9000"\nlogLevel: debug\nshutdownGraceSeconds: 5\n')
    const { settings } = loadSettings({ ENTREPOT_CONFIG: file, ENTREPOT_LOG_LEVEL: 'warn' })
    expect(settings).toMatchObject({ listen: { port: 9000 }, logLevel: 'warn', shutdownGraceSeconds: 5 })
  })

  it('take an empty variable as one that is not set', () => {
    const file = configFile('logLevel: debug\n')
    expect(loadSettings({ ENTREPOT_CONFIG: file, ENTREPOT_LOG_LEVEL: '' }).settings.logLevel).toBe('debug')
  })

  it('list all problems at once', () => {
    const file = configFile('listn: ":80"\nbootstrap: some\nlogLevel: [debug]\n')
    expect(
      problemsOf({
        ENTREPOT_CONFIG: file,
        ENTREPOT_PUBLIC_URL: 'https://registry.example/path',
        ENTREPOT_SHUTDOWN_GRACE_SECONDS: '-1',
        ENTREPOT_DEFAULT_REPOSITORY: 'Docker/..',
      }),
    ).toEqual([
      `listn (in ${file}) is no setting: did you mean listen?`,
      `logLevel (in ${file}) is not a plain value`,
      'ENTREPOT_PUBLIC_URL (in the environment) is "https://registry.example/path": ' +
        'expected https://registry.example or http://host:port, without a path',
      `bootstrap (in ${file}) is "some": expected default or none`,
      'ENTREPOT_DEFAULT_REPOSITORY (in the environment) is "Docker/..": ' +
        'expected the key of a repository, in lower-case letters, digits and . _ -',
      'ENTREPOT_SHUTDOWN_GRACE_SECONDS (in the environment) is "-1": ' +
        'expected a whole number of seconds, from 0 to 3600',
    ])
  })

  it('stand beside the sections of a configuration document', () => {
    const file = configFile(
      'logLevel: warn\nrepositories:\n  here: { rclass: local }\nanonymousAccess: { enabled: true }\n',
    )
    expect(loadSettings({ ENTREPOT_CONFIG: file })).toMatchObject({
      settings: { logLevel: 'warn' },
      configuration: {
        file,
        content: { repositories: { here: { rclass: 'local' } }, anonymousAccess: { enabled: true } },
      },
    })
    expect(problemsOf({ ENTREPOT_CONFIG: configFile('reposotories: {}') })).toEqual([
      `reposotories (in ${file}) is no setting: did you mean repositories?`,
    ])
    expect(loadSettings({ ENTREPOT_SECRET_HUB_PASSWORD: 'x' }).warnings).toEqual([])
  })

  it('take addresses and ranges of trusted proxies', () => {
    const { trustedProxies } = loadSettings({
      ENTREPOT_TRUSTED_PROXIES: '192.0.2.7, 10.0.0.0/8,2001:db8::/32 , ::ffff:172.16.0.0/108,',
    }).settings
    expect(trustedProxies.map(([address, bits]) => `${address.toString()}/${bits}`)).toEqual([
      '192.0.2.7/32',
      '10.0.0.0/8',
      '2001:db8::/32',
      '172.16.0.0/12',
    ])
    expect(problemsOf({ ENTREPOT_TRUSTED_PROXIES: '10.0.0.0/8, proxy.example' })).toEqual([
      'ENTREPOT_TRUSTED_PROXIES (in the environment) is "10.0.0.0/8, proxy.example": ' +
        'expected addresses and ranges of addresses, separated by commas, such as 192.0.2.7, 10.0.0.0/8, 2001:db8::/32',
    ])
  })

  it('say where the audit trail goes', () => {
    const { settings } = loadSettings({
      ENTREPOT_AUDIT_FILE: '/var/log/entrepot/audit.jsonl',
      ENTREPOT_AUDIT_SYSLOG: 'tls://siem.example',
      ENTREPOT_AUDIT_SYSLOG_CA_FILE: 'ca.pem',
      ENTREPOT_AUDIT_RETENTION_DAYS: '30',
    })
    expect(settings).toMatchObject({
      auditFile: '/var/log/entrepot/audit.jsonl',
      auditSyslog: { protocol: 'tls', host: 'siem.example', port: 6514 },
      auditSyslogCaFile: resolve('ca.pem'),
      auditRetentionDays: 30,
    })
    expect(
      problemsOf({ ENTREPOT_AUDIT_SYSLOG: 'siem.example:514', ENTREPOT_AUDIT_RETENTION_DAYS: '0' }),
    ).toHaveLength(2)
  })

  it('never show the value of a secret', () => {
    const problems = problemsOf({
      ENTREPOT_DATABASE_URL: 'mysql://u:canary-db@h/d',
      ENTREPOT_REDIS_URL: 'canary-redis',
      ENTREPOT_ADMIN_PASSWORD: 'password',
      ENTREPOT_MASTER_KEY: 'canary-master',
    })
    expect(problems).toHaveLength(4)
    expect(problems.join('\n')).not.toMatch(/canary|"password"/)
    expect(problems.join('\n')).toContain('ENTREPOT_ADMIN_PASSWORD (in the environment)')
  })

  it('refuse a variable that is nearly a setting, and only mention one that is not', () => {
    expect(problemsOf({ ENTREPOT_ADMIN_PASWORD: 'canary-secret' })).toEqual([
      'ENTREPOT_ADMIN_PASWORD (in the environment) is no setting: did you mean ENTREPOT_ADMIN_PASSWORD?',
    ])
    expect(
      loadSettings({ ENTREPOT_SOMETHING_ELSE: 'x', ENTREPOT_PORT: 'tcp://10.0.0.1:80' }).warnings,
    ).toEqual(['ENTREPOT_SOMETHING_ELSE (in the environment) is no setting and is ignored'])
  })

  it('refuse a file that is not there or is not YAML', () => {
    expect(problemsOf({ ENTREPOT_CONFIG: join(folder, 'absent.yaml') })[0]).toContain('can not be read')
    expect(problemsOf({ ENTREPOT_CONFIG: configFile('a: [') })[0]).toContain('is not YAML')
    expect(problemsOf({ ENTREPOT_CONFIG: configFile('[ '.repeat(50)) })[0]).toContain('nests deeper')
    expect(problemsOf({ ENTREPOT_CONFIG: configFile('- a') })[0]).toContain('does not map settings to values')
  })

  it.each(['0', '366', '1.5', '-1', 'monthly'])('refuse %s as the days of a signing key', (days) => {
    expect(problemsOf({ ENTREPOT_SIGNING_KEY_ROTATION_DAYS: days })).toEqual([
      expect.stringContaining('expected a whole number of days, from 1 to 365'),
    ])
  })

  it.each(['0', '59', '3601', '60.5', '-60', 'long'])(
    'refuse %s as the seconds of a bearer token',
    (seconds) => {
      expect(problemsOf({ ENTREPOT_BEARER_TOKEN_SECONDS: seconds })).toEqual([
        expect.stringContaining('expected a whole number of seconds, from 60 to 3600'),
      ])
    },
  )

  it.each(['-1', '10001', '0.5', 'never'])('refuse %s as the step of refused logins', (milliseconds) => {
    expect(problemsOf({ ENTREPOT_LOGIN_REFUSAL_MILLISECONDS: milliseconds })).toEqual([
      expect.stringContaining('expected a whole number of milliseconds, from 0 to 10000'),
    ])
  })

  it('take master keys in their order, from the environment and from the file', () => {
    const keys = [1, 2].map((byte) => Buffer.alloc(32, byte).toString('base64'))
    const { masterKey } = loadSettings({ ENTREPOT_MASTER_KEY: keys.join(',') }).settings
    expect(masterKey).toHaveLength(2)
    const file = configFile(`masterKey: "${keys[0]}"\n`)
    expect(loadSettings({ ENTREPOT_CONFIG: file }).settings.masterKey).toEqual([masterKey?.[0]])
  })

  it.each(['ABCDEF01', 'abc', 'not the key'])('refuse %s as the id of a lost master key', (id) => {
    expect(problemsOf({ ENTREPOT_LOST_MASTER_KEY: id })).toEqual([
      expect.stringContaining('the id of a master key, eight hexadecimal digits'),
    ])
  })

  it('keep only the origin of a public URL', () => {
    expect(loadSettings({ ENTREPOT_PUBLIC_URL: 'https://Registry.Example:443/' }).settings.publicUrl).toBe(
      'https://registry.example',
    )
  })
})
