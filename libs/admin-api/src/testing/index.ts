export * from './configuration-transactions.contract.js'
