import { EmbeddedPostgres } from '../embedded-postgres/embedded-postgres.js'

/**
 * A process that runs the embedded PostgreSQL until it is killed or its input ends, and says in lines of JSON what
 * happens. For tests.
 */
const [dataDir = ''] = process.argv.slice(2)
const say = (message: object) => process.stdout.write(`${JSON.stringify(message)}\n`)

const postgres = new EmbeddedPostgres({ dataDir, onProgress: (progress) => say({ progress }) })
try {
  const connection = await postgres.start()
  say({ connection, pid: postgres.pid })
  process.stdin.resume()
  process.stdin.once('end', () => void postgres.stop())
} catch (error) {
  say({ error: (error as Error).message })
  process.exitCode = 1
}
