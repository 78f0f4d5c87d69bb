export * from './broadcast.js'
