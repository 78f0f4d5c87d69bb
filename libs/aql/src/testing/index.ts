export * from './print-aql.js'
