export * from './broadcast.js'
export * from './drivers/postgres-broadcast.js'
export * from './drivers/redis-broadcast.js'
export * from './replicated.js'
