import { expect } from 'vitest'
import { AdminApiApp } from './admin-api-app.js'

export type Fields = Readonly<Record<string, unknown>>

export const runs = { numRuns: 40 }
export const groupNames = ['developers', 'operators', 'readers']
export const userNames = ['alice', 'bob', 'carol']
export const keys = ['docker-dev', 'docker-prod']

/** One that has the users, the groups and the repositories. */
export async function startWithNames(): Promise<AdminApiApp> {
  const app = await AdminApiApp.start()
  for (const name of userNames) await app.addUser(name)
  for (const name of groupNames) await app.addGroup(name)
  for (const key of keys) await app.put(key, { rclass: 'local', packageType: 'docker' })
  return app
}

/** @returns what the answer shows, which must be a success */
export async function ask(app: AdminApiApp, method: string, path: string, body?: unknown): Promise<Fields> {
  const { status, text, json } = await app.send(method, path, body)
  expect(status, `${method} ${path}: ${text}`).toBeLessThan(300)
  return (json ?? {}) as Fields
}
