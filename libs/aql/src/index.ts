export * from './aql-fields.js'
export * from './aql-query.js'
export * from './compare-aql.js'
export * from './parse-aql.js'
