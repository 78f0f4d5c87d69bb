export * from './aql-fields.js'
export * from './aql-query.js'
export * from './parse-aql.js'
