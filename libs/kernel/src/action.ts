export const actions = ['read', 'annotate', 'deploy', 'overwrite', 'delete', 'manage'] as const

/** What can be done to a repository's content; permission targets grant these. */
export type Action = (typeof actions)[number]
