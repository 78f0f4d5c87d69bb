export * from './recording-audit-trail.js'
export * from './user-principal.js'
