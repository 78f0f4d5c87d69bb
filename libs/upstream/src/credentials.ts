import type { UpstreamSettings } from './upstream-settings.js'

export interface Credentials {
  readonly username: string
  readonly password: string
}

/** @returns undefined when the upstream is to be asked anonymously */
export function credentialsOf({ username, password }: UpstreamSettings): Credentials | undefined {
  return username === '' ? undefined : { username, password }
}

/** RFC 7617, in UTF-8. */
export function basicAuthorization({ username, password }: Credentials): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
}
