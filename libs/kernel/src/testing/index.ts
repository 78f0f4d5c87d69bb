export * from './fake-secret-box.js'
export * from './recording-audit-trail.js'
export * from './secret-box.contract.js'
export * from './user-principal.js'
