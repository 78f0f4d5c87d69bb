/** The chapters of the document, in their order. */
export const tags = {
  Repositories: 'Local, remote and virtual repositories and their configuration.',
  Items: 'What the repositories hold: folders, files, their checksums; promotion and deletion.',
  Builds: 'What runs of builds made and used, as their publishers tell it.',
  Resolution: 'Why a pull is answered as it is; cached answers; the history of tags.',
  Users: 'Users and what they may change of themselves.',
  Groups: 'Groups and their members.',
  Permissions: 'Permission targets: who may do what with which part of which repositories.',
  Tokens: 'Access tokens and the keys that sign them.',
  LDAP: 'Directories that users log in by, and whose groups are taken over.',
  'OpenID Connect': 'Providers that users log in by, and whose tokens are exchanged.',
  Security: 'Access without login, and locks after failed logins.',
  Configuration: 'Everything that is administered, as one document.',
  Audit: 'What was done, by whom.',
  System: 'State and version of the server, and this document.',
} as const

export type Tag = keyof typeof tags
