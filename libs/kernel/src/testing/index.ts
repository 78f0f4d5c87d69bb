export * from './user-principal.js'
