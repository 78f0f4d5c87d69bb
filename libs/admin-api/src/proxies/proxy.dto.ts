import { isIP } from 'node:net'
import { applyDecorators } from '@nestjs/common'
import { IsOptional, ValidateBy } from 'class-validator'
import { IsBasicPassword, IsBasicUserName, IsCount, IsFlag, IsText } from '../field-rules.js'

const hostName = /^(?=.{1,253}$)[a-z0-9_](?:[a-z0-9._-]*[a-z0-9_])?$/i
const serviceName = /^[a-z][a-z0-9]{0,31}$/

const maximumEntries = 100

/** A name or an address, without scheme and port. */
const IsHost = (): PropertyDecorator =>
  rule('isHost', 'expected a name or an address such as proxy.example, without scheme and port', isHost)

/** JFrog's clients write lists as one text. */
const IsListOf = (isOne: (entry: string) => boolean, what: string): PropertyDecorator =>
  rule('isListOf', `expected ${what}, as a list or with commas between them`, (value) => {
    const entries = entriesOf(value)
    return entries !== undefined && entries.length <= maximumEntries && entries.every(isOne)
  })

function rule(name: string, message: string, validate: (value: unknown) => boolean): PropertyDecorator {
  const validator = { validate, defaultMessage: () => message }
  return applyDecorators(IsOptional(), ValidateBy({ name, validator }))
}

/** @returns undefined for what is neither a list of texts nor a text */
export function entriesOf(value: unknown): readonly string[] | undefined {
  const texts: readonly unknown[] = Array.isArray(value) ? value : [value]
  if (!texts.every((text) => typeof text === 'string')) return undefined
  const entries = texts.flatMap((text) => text.split(/[\s,;]+/)).filter((entry) => entry !== '')
  return [...new Set(entries)]
}

function isHost(value: unknown): boolean {
  return typeof value === 'string' && (isIP(value) !== 0 || hostName.test(value))
}

/** A proxy, as `proxies.<key>` of Artifactory's system configuration has it. */
export class ProxyDto {
  @IsHost() host?: string
  @IsCount(1, 65_535) port?: number
  @IsBasicUserName() username?: string
  @IsBasicPassword() password?: string
  @IsText() ntHost?: string
  @IsText() domain?: string
  @IsFlag() platformDefault?: boolean
  @IsListOf(isHost, 'hosts') redirectedToHosts?: string | readonly string[]
  /** Artifactory's documentation calls it so, its API the other way. */
  @IsListOf(isHost, 'hosts') redirectToHosts?: string | readonly string[]
  @IsListOf((entry) => serviceName.test(entry), 'names of services such as jfrt')
  services?: string | readonly string[]
}
