import type { Call } from '../../support/admin-client.js'

/* Users and groups that other resources name. */

const usersV1 = '/artifactory/api/security/users'
const groupsV1 = '/artifactory/api/security/groups'

export const group = (name: string): Call => ({
  method: 'PUT',
  path: `${groupsV1}/${name}`,
  body: { name },
  done: [201],
})
export const withoutGroup = (name: string): Call => ({
  method: 'DELETE',
  path: `${groupsV1}/${name}`,
  done: [200],
})
export const user = (name: string): Call => ({
  method: 'PUT',
  path: `${usersV1}/${name}`,
  body: { name, email: `${name}@example.org`, password: 'Quay 7 lantern' },
  done: [201],
})
export const withoutUser = (name: string): Call => ({
  method: 'DELETE',
  path: `${usersV1}/${name}`,
  done: [200],
})
