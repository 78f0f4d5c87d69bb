import { isIP } from 'node:net'
import { applyDecorators } from '@nestjs/common'
import {
  ArrayMaxSize,
  ArrayUnique,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsOptional,
  IsString,
  Matches,
  Max,
  MaxLength,
  Min,
  ValidateBy,
  type ValidationOptions,
} from 'class-validator'
import { upstreamUrlRefusal } from './upstream-url.js'

/*
 * What the fields of the DTOs may hold. Every message completes "<field> is <value>, …", and all rules let an absent field
 * through: an update names only what it changes.
 */

const maximumTextLength = 10_000
const maximumListLength = 1000

export const IsFlag = (): PropertyDecorator =>
  applyDecorators(IsOptional(), IsBoolean({ message: 'expected true or false' }))

export const IsText = (): PropertyDecorator => {
  const message = { message: `expected text of at most ${maximumTextLength} characters` }
  return applyDecorators(IsOptional(), IsString(message), MaxLength(maximumTextLength, message))
}

export const IsCount = (minimum: number, maximum: number): PropertyDecorator => {
  const message = { message: `expected a whole number from ${minimum} to ${maximum}` }
  return applyDecorators(IsOptional(), IsInt(message), Min(minimum, message), Max(maximum, message))
}

export const IsTextList = (): PropertyDecorator => {
  const message = { message: `expected a list of at most ${maximumListLength} different texts` }
  const each: ValidationOptions = { ...message, each: true }
  return applyDecorators(
    IsOptional(),
    IsArray(message),
    ArrayMaxSize(maximumListLength, message),
    ArrayUnique(message),
    IsString(each),
    MaxLength(maximumTextLength, each),
  )
}

export const IsOneOf = (allowed: readonly string[], hint = ''): PropertyDecorator =>
  applyDecorators(
    IsOptional(),
    IsIn(allowed, { message: `expected ${allowed.map((value) => JSON.stringify(value)).join(', ')}${hint}` }),
  )

/** RFC 7617 section 2: no colon in the user name, no control characters in either. */
export const IsBasicUserName = (): PropertyDecorator =>
  applyDecorators(
    IsText(),
    Matches(/^[^:\p{Cc}]*$/u, { message: 'expected text without colon and control characters' }),
  )

export const IsBasicPassword = (): PropertyDecorator =>
  applyDecorators(IsText(), Matches(/^\P{Cc}*$/u, { message: 'expected text without control characters' }))

/** A password or another secret, of whatever characters; its own rule says which are good. */
export const IsSecretText = (): PropertyDecorator =>
  applyDecorators(
    IsOptional(),
    IsString({ message: 'expected text' }),
    MaxLength(maximumTextLength, { message: 'expected less text' }),
  )

/** RFC 5321 in the rough: it is shown and handed on, nothing is sent there. Empty: none. */
export const IsEmailAddress = (): PropertyDecorator =>
  applyDecorators(
    IsOptional(),
    Matches(/^(?:[^\s@\p{Cc}]{1,64}@[^\s@\p{Cc}]{1,255})?$/u, {
      message: 'expected an address such as a@registry.example',
    }),
  )

/** An IPv4 or IPv6 address; empty: none. */
export const IsAddress = (): PropertyDecorator =>
  applyDecorators(
    IsOptional(),
    ValidateBy({
      name: 'isAddress',
      validator: {
        validate: (value: unknown) => value === '' || (typeof value === 'string' && isIP(value) !== 0),
        defaultMessage: () => 'expected an address such as 192.0.2.7 or 2001:db8::7',
      },
    }),
  )

/** RFC 3986 section 3.4, without what would end the query. */
export const IsQueryParams = (): PropertyDecorator =>
  applyDecorators(
    IsText(),
    Matches(/^(?:[\w.~!?$&'()*+,;=:@/-]|%[\dA-Fa-f]{2})*$/, {
      message: 'expected names and values such as a=1&b=2, percent-encoded where they need it',
    }),
  )

export const IsUpstreamUrl = (): PropertyDecorator =>
  applyDecorators(
    IsOptional(),
    ValidateBy({
      name: 'isUpstreamUrl',
      validator: {
        validate: (value: unknown) => typeof value === 'string' && upstreamUrlRefusal(value) === undefined,
        defaultMessage: (given) =>
          typeof given?.value === 'string'
            ? (upstreamUrlRefusal(given.value) ?? '')
            : 'expected an address such as https://registry-1.docker.io',
      },
    }),
  )

/** An object of the same shape as `example`, as far as it goes: parts may be missing, none may be of another type. */
export const IsPartOf = (example: object): PropertyDecorator =>
  applyDecorators(
    IsOptional(),
    ValidateBy({
      name: 'isPartOf',
      constraints: [example],
      validator: {
        validate: (value: unknown) => isPartOf(value, example),
        defaultMessage: () => `expected an object such as ${JSON.stringify(example)}`,
      },
    }),
  )

function isPartOf(value: unknown, example: unknown): boolean {
  if (typeof example !== 'object' || example === null) return typeof value === typeof example
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const parts: Readonly<Record<string, unknown>> = { ...example }
  return Object.entries(value).every(
    ([name, part]) => Object.hasOwn(parts, name) && isPartOf(part, parts[name]),
  )
}
