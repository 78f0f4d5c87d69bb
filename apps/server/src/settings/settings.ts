import { resolve } from 'node:path'
import { parseSyslogTarget, type SyslogTarget } from '@entrepot/audit'
import { type MasterKeys, parseMasterKeys } from '@entrepot/database'
import { PasswordRule } from '@entrepot/identity'
import type { ProxyRules } from '@entrepot/upstream'
import { z } from 'zod'
import { type AddressRange, parseAddressRange } from './address-range.js'
import { type ListenAddress, parseListenAddress } from './listen-address.js'

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const

/** What is allowed is each schema's error, in words that follow "expected". */
const listen = z.string().transform((text, context): ListenAddress => {
  const address = parseListenAddress(text)
  if (address !== undefined) return address
  context.addIssue({ code: 'custom', message: 'host:port, such as 0.0.0.0:8080, [::1]:8080 or :8080' })
  return z.NEVER
})

const dataDir = path('the path of a folder')

const databaseUrl = urlWith(
  ['postgres:', 'postgresql:'],
  'postgresql://user:password@host:5432/database, of PostgreSQL 14 or newer',
)

const redisUrl = urlWith(['redis:', 'rediss:'], 'redis://host:6379, or rediss:// for TLS')

const adminPassword = z.string().superRefine((password, context) => {
  const refusal = new PasswordRule().refusalOf('admin', password)
  if (refusal !== undefined) {
    context.addIssue({
      code: 'custom',
      message: `another one, for ${refusal}; leave it out and a random one is printed at the first start`,
    })
  }
})

const publicUrlAllowed = 'https://registry.example or http://host:port, without a path'
const publicUrl = urlWith(['http:', 'https:'], publicUrlAllowed)
  .refine((text) => isOrigin(new URL(text)), { error: publicUrlAllowed, abort: true })
  .transform((text) => new URL(text).origin)

const defaultRepository = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, {
  error: 'the key of a repository, in lower-case letters, digits and . _ -',
})

const trustedProxies = z.string().transform((text, context): readonly AddressRange[] => {
  const entries = text.split(',').flatMap((entry) => (entry.trim() === '' ? [] : [entry.trim()]))
  const ranges = entries.flatMap((entry) => {
    const range = parseAddressRange(entry)
    return range === undefined ? [] : [range]
  })
  if (ranges.length === entries.length) return ranges
  context.addIssue({
    code: 'custom',
    message:
      'addresses and ranges of addresses, separated by commas, such as 192.0.2.7, 10.0.0.0/8, 2001:db8::/32',
  })
  return z.NEVER
})

const auditSyslog = z.string().transform((text, context): SyslogTarget => {
  const target = parseSyslogTarget(text)
  if (target !== undefined) return target
  context.addIssue({
    code: 'custom',
    message:
      'the receiver of RFC 5424 messages, such as tls://siem.example:6514, tcp://host:601 or udp://host:514',
  })
  return z.NEVER
})

const retentionAllowed = 'a whole number of days, from 1 to 36500'
const auditRetentionDays = z
  .string()
  .regex(/^\d{1,5}$/, { error: retentionAllowed, abort: true })
  .transform(Number)
  .refine((days) => days >= 1 && days <= 36_500, { error: retentionAllowed })

const confirmationAllowed = 'a whole number of seconds, from 0 to 86400'
const directoryConfirmationSeconds = z
  .string()
  .regex(/^\d{1,5}$/, { error: confirmationAllowed, abort: true })
  .transform(Number)
  .refine((seconds) => seconds <= 86_400, { error: confirmationAllowed })

const refusalAllowed = 'a whole number of milliseconds, from 0 to 10000'
const loginRefusalMilliseconds = z
  .string()
  .regex(/^\d{1,5}$/, { error: refusalAllowed, abort: true })
  .transform(Number)
  .refine((milliseconds) => milliseconds <= 10_000, { error: refusalAllowed })

const bearerTokenAllowed = 'a whole number of seconds, from 60 to 3600'
const bearerTokenSeconds = z
  .string()
  .regex(/^\d{1,4}$/, { error: bearerTokenAllowed, abort: true })
  .transform(Number)
  .refine((seconds) => seconds >= 60 && seconds <= 3600, { error: bearerTokenAllowed })

const rotationAllowed = 'a whole number of days, from 1 to 365'
const signingKeyRotationDays = z
  .string()
  .regex(/^\d{1,3}$/, { error: rotationAllowed, abort: true })
  .transform(Number)
  .refine((days) => days >= 1 && days <= 365, { error: rotationAllowed })

const masterKey = z.string().transform((text, context): MasterKeys => {
  const keys = parseMasterKeys(text)
  if (keys !== undefined) return keys
  context.addIssue({
    code: 'custom',
    message:
      'one or more keys of 32 bytes in base64 (openssl rand -base64 32), separated by commas, the one that seals first',
  })
  return z.NEVER
})

const lostMasterKey = z.string().regex(/^[0-9a-f]{8}$/, {
  error: 'the id of a master key, eight hexadecimal digits as the log shows it',
})

const shutdownGraceSeconds = z
  .string()
  .regex(/^\d{1,4}$/, { error: 'a whole number of seconds, from 0 to 3600', abort: true })
  .transform(Number)
  .refine((seconds) => seconds <= 3600, { error: 'a whole number of seconds, from 0 to 3600' })

/** Every value arrives as text, from the environment and from the file alike. */
export const settingsSchema = z.object({
  listen: listen.prefault('0.0.0.0:8080'),
  dataDir: dataDir.prefault('./data'),
  databaseUrl: databaseUrl.optional(),
  adminPassword: adminPassword.optional(),
  publicUrl: publicUrl.optional(),
  logLevel: z.enum(logLevels, { error: `one of ${logLevels.join(', ')}` }).prefault('info'),
  bootstrap: z.enum(['default', 'none'], { error: 'default or none' }).prefault('default'),
  defaultRepository: defaultRepository.optional(),
  redisUrl: redisUrl.optional(),
  trustedProxies: trustedProxies.prefault(''),
  auditFile: path('the path of a file').optional(),
  auditSyslog: auditSyslog.optional(),
  auditSyslogCaFile: path('the path of a file with certificates in PEM').optional(),
  auditRetentionDays: auditRetentionDays.prefault('365'),
  /** How long somebody whom a directory has confirmed works without it being asked again. */
  directoryConfirmationSeconds: directoryConfirmationSeconds.prefault('300'),
  /**
   * Refused logins are answered at multiples of this after they began, while directories or imported hashes would make
   * their time tell something of the user. 0: as soon as they are refused.
   */
  loginRefusalMilliseconds: loginRefusalMilliseconds.prefault('1000'),
  /** How long the registry's bearer tokens are good; what they are worth is looked up at each use all the same. */
  bearerTokenSeconds: bearerTokenSeconds.prefault('300'),
  /** How long one key signs the registry's bearer tokens. */
  signingKeyRotationDays: signingKeyRotationDays.prefault('30'),
  /** What seals the secrets in the database, and the keys that only open them after it. */
  masterKey: masterKey.optional(),
  masterKeyFile: path('the path of a file with master keys').optional(),
  /** The secrets that this key has sealed are given up. */
  lostMasterKey: lostMasterKey.optional(),
  /** Who may read `/metrics`: everybody, or administrators and tokens with `system:metrics:r`. */
  metricsAccess: z.enum(['token', 'open'], { error: 'token or open' }).prefault('token'),
  shutdownGraceSeconds: shutdownGraceSeconds.prefault('30'),
  /** Whose files a configuration document that comes in a request may name. */
  secretsDir: path('the path of a folder').optional(),
})

type OwnSettings = Readonly<z.output<typeof settingsSchema>>

export type Settings = OwnSettings & {
  /** What HTTPS_PROXY, HTTP_PROXY and NO_PROXY say. */
  readonly environmentProxies?: ProxyRules | undefined
}

export type SettingName = keyof OwnSettings

export const settingNames = Object.keys(settingsSchema.shape) as readonly SettingName[]

/** Their values are never shown. */
export const secretSettings: ReadonlySet<SettingName> = new Set([
  'adminPassword',
  'databaseUrl',
  'masterKey',
  'redisUrl',
])

/** `dataDir` is ENTREPOT_DATA_DIR. */
export function environmentName(name: SettingName): string {
  return `ENTREPOT_${name.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`
}

function path(allowed: string) {
  return z
    .string()
    .refine((text) => !text.includes('\0'), { error: allowed })
    .transform((text) => resolve(text))
}

function urlWith(protocols: readonly string[], allowed: string) {
  return z.string().refine((text) => URL.canParse(text) && protocols.includes(new URL(text).protocol), {
    error: allowed,
    abort: true,
  })
}

function isOrigin(url: URL): boolean {
  return (
    url.pathname === '/' && [url.search, url.hash, url.username, url.password].every((part) => part === '')
  )
}
