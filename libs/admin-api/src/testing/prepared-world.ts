import { userPassword, type AdminApiApp } from './admin-api-app.js'

const docker = { packageType: 'docker' }

/**
 * The state that the examples of the documentation are sent to: repositories `docker-local`, `docker-remote` and `docker`,
 * which has both; the image `team/app` with the tags `1.0` and `1.1`; the
 * build `team/app` number `7`; the user `alice` of the group `readers`, and the
 * permission target `team`.
 * @returns what stands in the examples for values that are made at random, with the values
 */
export async function prepareWorld(app: AdminApiApp): Promise<ReadonlyMap<string, string>> {
  await app.put('docker-local', { ...docker, rclass: 'local', description: 'Images of our own' })
  await app.put('docker-remote', { ...docker, rclass: 'remote', url: 'http://127.0.0.1:1' })
  await app.put('docker', {
    ...docker,
    rclass: 'virtual',
    repositories: ['docker-local', 'docker-remote'],
    defaultDeploymentRepo: 'docker-local',
  })
  const first = await app.workbench.pushImage('docker-local', 'team/app', '1.0')
  const second = await app.workbench.pushImage('docker-local', 'team/app', '1.0')
  await app.workbench.pushImage('docker-local', 'team/app', '1.1')
  const build = { name: 'team/app', number: '7', started: '2026-11-20T12:00:00.000+0000' }
  await app.send('PUT', '/artifactory/api/build', build)
  await app.addGroup('readers', { description: 'Who may pull' })
  await app.addUser('alice', { email: 'alice@registry.example' })
  await app.send('PATCH', '/access/api/v2/groups/readers/members', { add: ['alice'] })
  await app.ports.permissions.targets.create({
    name: 'team',
    repositories: ['docker-local'],
    includes: ['team/**'],
    excludes: [],
    users: { alice: ['read', 'deploy'] },
    groups: { readers: ['read'] },
  })
  return new Map([
    ['sha256:1d1c…first', first.digest],
    ['sha256:2d2c…second', second.digest],
    ['wonderland', userPassword],
  ])
}
