export * from './access-policy.js'
export * from './administrators-only.js'
export * from './permission-target.js'
