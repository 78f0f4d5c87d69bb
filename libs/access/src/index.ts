export * from './access-policy.js'
export * from './administrators-only.js'
