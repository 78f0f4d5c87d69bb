import { readFileSync } from 'node:fs'
import { documentKeys, parseYaml } from '@entrepot/admin-api'
import { isRegistryError, nearestName } from '@entrepot/kernel'
import { environmentProxies } from '@entrepot/upstream'
import {
  type SettingName,
  type Settings,
  environmentName,
  secretSettings,
  settingNames,
  settingsSchema,
} from './settings.js'
import { SettingsError } from './settings-error.js'

export interface LoadedSettings {
  readonly settings: Settings
  /** What the file says of everything that is administered; undefined when it says nothing of it. */
  readonly configuration: ConfigurationFile | undefined
  /** What is odd and harmless; the logger isn't there yet when settings are read. */
  readonly warnings: readonly string[]
}

/** The sections of a configuration document that stand beside the settings. */
export interface ConfigurationFile {
  readonly file: string
  readonly content: Readonly<Record<string, unknown>>
}

interface Given {
  readonly text: string
  /** "in the environment", or which file. */
  readonly source: string
  /** As its source calls it. */
  readonly label: string
}

type GivenSettings = Map<SettingName, Given>

const configVariable = 'ENTREPOT_CONFIG'

const sections: ReadonlySet<string> = new Set(documentKeys)

/** Kubernetes announces a service named `entrepot` so; tests, benchmarks and the secrets of documents have names of their own. */
const foreignVariable = /^ENTREPOT_(E2E_|BENCH_|SECRET_|SERVICE_|PORT$|PORT_\d)/

/**
 * The file named by ENTREPOT_CONFIG, then the environment, which wins over its settings. An empty variable is one that isn't set.
 * @throws SettingsError listing every problem with the setting, its source, its value and what is allowed
 */
export function loadSettings(environment: NodeJS.ProcessEnv): LoadedSettings {
  const problems: string[] = []
  const warnings: string[] = []
  const file = environment[configVariable]
  const given: GivenSettings = new Map()
  const configuration = file === undefined || file === '' ? undefined : readConfigFile(file, given, problems)
  readEnvironment(environment, given, problems, warnings)
  const parsed = settingsSchema.safeParse(
    Object.fromEntries([...given].map(([name, { text }]) => [name, text])),
  )
  for (const issue of parsed.error?.issues ?? []) {
    const name = issue.path[0] as SettingName
    problems.push(describe(name, given.get(name), issue.message))
  }
  const proxies = environmentProxies(environment)
  problems.push(...proxies.problems)
  if (parsed.data === undefined || problems.length > 0) throw new SettingsError(problems)
  return {
    settings: { ...parsed.data, environmentProxies: proxies.rules },
    configuration,
    warnings,
  }
}

function describe(name: SettingName, given: Given | undefined, allowed: string): string {
  const { label = name, source = 'by default', text = '' } = given ?? {}
  const value = secretSettings.has(name) ? 'has a value that can not be used' : `is ${JSON.stringify(text)}`
  return `${label} (${source}) ${value}: expected ${allowed}`
}

/** @returns what of it is no setting but a part of a configuration document */
function readConfigFile(
  file: string,
  given: GivenSettings,
  problems: string[],
): ConfigurationFile | undefined {
  const content: Record<string, unknown> = {}
  const entries = parseConfigFile(file, problems)
  for (const [key, value] of Object.entries(entries)) {
    const name = settingNames.find((known) => known === key)
    if (sections.has(key)) {
      content[key] = value
    } else if (name === undefined) {
      problems.push(`${key} (in ${file}) is no setting${meant(key, [...settingNames, ...sections])}`)
    } else if (!['string', 'number', 'boolean'].includes(typeof value)) {
      problems.push(`${key} (in ${file}) is not a plain value`)
    } else {
      given.set(name, { text: String(value), source: `in ${file}`, label: key })
    }
  }
  return Object.keys(content).length === 0 ? undefined : { file, content }
}

function parseConfigFile(file: string, problems: string[]): Readonly<Record<string, unknown>> {
  try {
    const content = parseYaml(readFileSync(file, 'utf8')) ?? {}
    if (typeof content === 'object' && !Array.isArray(content)) return content as Record<string, unknown>
    problems.push(`${file} (named by ${configVariable}) does not map settings to values`)
  } catch (error) {
    if (isRegistryError(error)) {
      problems.push(...[error, ...error.siblings].map(({ message }) => `${file}: ${message}`))
      return {}
    }
    problems.push(`${configVariable} names ${JSON.stringify(file)}, which can not be read: ${String(error)}`)
  }
  return {}
}

function readEnvironment(
  environment: NodeJS.ProcessEnv,
  given: GivenSettings,
  problems: string[],
  warnings: string[],
): void {
  const names = new Map(settingNames.map((name) => [environmentName(name), name]))
  const known = [...names.keys(), configVariable]
  for (const [variable, text] of Object.entries(environment)) {
    if (text === undefined || text === '' || variable === configVariable) continue
    const name = names.get(variable)
    if (name !== undefined) {
      given.set(name, { text, source: 'in the environment', label: variable })
    } else if (variable.startsWith('ENTREPOT_') && !foreignVariable.test(variable)) {
      const nearest = meant(variable, known)
      // A slip of the pen must not go unnoticed; other names may be somebody else's.
      if (nearest === '') warnings.push(`${variable} (in the environment) is no setting and is ignored`)
      else problems.push(`${variable} (in the environment) is no setting${nearest}`)
    }
  }
}

function meant(text: string, names: readonly string[]): string {
  const nearest = nearestName(text, names)
  return nearest === undefined ? '' : `: did you mean ${nearest}?`
}
