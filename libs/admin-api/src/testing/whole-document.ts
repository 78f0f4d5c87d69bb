/** Something in every section. */
export const wholeDocument = `
repositories:
  whole-local: { rclass: local, packageType: docker, maxUniqueTags: 10 }
  whole-remote:
    rclass: remote
    packageType: docker
    url: https://registry-1.docker.io
    description: the hub
    username: puller
    password: { env: REMOTE_PASSWORD }
    queryParams: { file: /run/secrets/parameters }
  whole-all:
    rclass: virtual
    packageType: docker
    repositories: [whole-local, whole-remote]
    defaultDeploymentRepo: whole-local

groups:
  whole-readers: { description: they read }
  Whole Keepers: { admin_privileges: true }

users:
  whole-ann:
    email: ann@registry.example
    groups: [whole-readers, Whole Keepers]
    password: { env: ANN_PASSWORD }
  whole-robot: { kind: robot }

permissionTargets:
  whole:
    repo:
      include-patterns: ['team/**']
      repositories: [whole-local, ANY REMOTE]
      actions:
        users: { whole-ann: [read, write] }
        groups: { whole-readers: [read] }

directories:
  settings:
    - key: whole-corp
      ldap_urls: ['ldaps://ldap.example/dc=example,dc=com']
      search:
        search_filter: (uid={0})
        search_base: ou=people
        manager_dn: cn=reader,dc=example,dc=com
        manager_password: { file: /run/secrets/manager }
    - { key: whole-lab, ldap_urls: ['ldap://lab.example'], enabled: false, user_dn_pattern: 'uid={0},ou=people' }
  groups:
    - { name: whole-teams, enabled_ldap: whole-corp, group_base_dn: ou=groups, group_member_attribute: member }

oidcProviders:
  whole-ci:
    issuer_url: https://ci.example
    audience: entrepot
    client_id: entrepot
    client_secret: { env: CLIENT_SECRET }
    identity_mappings:
      main:
        claims: { repository: team/app, ref: [refs/heads/main, 'refs/tags/*'] }
        token_spec: { username: whole-robot, expires_in: 600 }

lockPolicy: { enabled: true, loginAttempts: 7 }
passwordPolicy: { length: 9, special_char: 1 }
anonymousAccess: { enabled: true }
`

export const wholeDocumentSecrets: Readonly<Record<string, string>> = {
  REMOTE_PASSWORD: 'remote-secret 1',
  ANN_PASSWORD: 'ann-secret 1',
  CLIENT_SECRET: 'client-secret 1',
  '/run/secrets/parameters': 'key=secret1',
  '/run/secrets/manager': 'manager-secret 1',
}
