/** What can be done to a repository's content; permission targets grant these. */
export type Action = 'read' | 'annotate' | 'deploy' | 'overwrite' | 'delete' | 'manage'
