export * from '../drivers/memory-broadcast.js'
export * from './broadcast.contract.js'
