import 'reflect-metadata'
import { runServer } from './lifecycle/run-server.js'

await runServer()
