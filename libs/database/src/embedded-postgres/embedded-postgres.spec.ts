import { readdirSync, readFileSync, statSync, writeFileSync, mkdirSync, chmodSync } from 'node:fs'
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import { afterEach, describe, expect, it } from 'vitest'
import type { PostgresConnection } from '../postgres-connection.js'
import { ServerProcess } from '../testing/server-process.js'
import { temporaryFolder } from '../testing/temporary-folder.js'
import { EmbeddedPostgres, type UnexpectedExit } from './embedded-postgres.js'
import { isPostgresOn, processIdentity } from './process-table.js'

async function query<Row>(connection: PostgresConnection, sql: string): Promise<Row[]> {
  const client = new Client(connection)
  client.on('error', () => undefined)
  await client.connect()
  try {
    return (await client.query(sql)).rows as Row[]
  } finally {
    await client.end()
  }
}

async function until(condition: () => boolean | Promise<boolean>, limit = 15_000): Promise<void> {
  for (let waited = 0; waited < limit; waited += 25) {
    if (await condition()) return
    await sleep(25)
  }
  throw new Error('it did not come to that')
}

describe('EmbeddedPostgres', { timeout: 60_000 }, () => {
  const running: { stop(): Promise<void> }[] = []
  afterEach(async () => {
    for (const it of running.splice(0)) await it.stop()
  })

  const inThisProcess = (dataDir: string, told: string[] = []) => {
    const postgres = new EmbeddedPostgres({ dataDir, onProgress: (text) => told.push(text) })
    running.push(postgres)
    return postgres
  }
  const inItsOwnProcess = async (...args: Parameters<typeof ServerProcess.start>) => {
    const server = await ServerProcess.start(...args)
    running.push(server)
    return server
  }

  it('creates the cluster at the first start, says so, and keeps the data at the second', async () => {
    const dataDir = temporaryFolder()
    const told: string[] = []
    const first = inThisProcess(dataDir, told)
    const connection = await first.start()
    expect(told).toEqual([`creating the database cluster in ${dataDir}/postgres/data`])
    expect(connection.database).toBe('entrepot')
    await query(connection, 'CREATE TABLE kept AS SELECT 42 AS answer')
    await first.stop()
    const again = await inThisProcess(dataDir, told).start()
    expect(told).toHaveLength(1)
    expect(await query(again, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }])
  })

  it('listens on a socket that only our user can reach, in a session of its own', async () => {
    const dataDir = temporaryFolder()
    const postgres = inThisProcess(dataDir)
    const connection = await postgres.start()
    expect(statSync(connection.host).mode & 0o777).toBe(0o700)
    expect(statSync(join(dataDir, 'postgres')).mode & 0o777).toBe(0o700)
    expect(await query(connection, 'SHOW listen_addresses')).toEqual([{ listen_addresses: '' }])
    expect(await query(connection, 'SHOW fsync')).toEqual([{ fsync: 'on' }])
    if (process.platform === 'linux') {
      const stat = readFileSync(`/proc/${postgres.pid}/stat`, 'utf8')
      const session = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[3]
      expect(session).toBe(String(postgres.pid))
    }
  })

  it('stops while clients are connected, and may be stopped again', async () => {
    const dataDir = temporaryFolder()
    const postgres = inThisProcess(dataDir)
    const client = new Client(await postgres.start())
    client.on('error', () => undefined)
    await client.connect()
    const { pid } = postgres
    await postgres.stop()
    await postgres.stop()
    expect(processIdentity(pid ?? 0)).toBeUndefined()
    expect(readdirSync(join(dataDir, 'postgres'))).toEqual(expect.not.arrayContaining(['owner']))
  })

  it('refuses a data folder that another server uses, and leaves that one alone', async () => {
    const dataDir = temporaryFolder()
    const connection = await inThisProcess(dataDir).start()
    await expect(inThisProcess(dataDir).start()).rejects.toThrow(
      `another Entrepot (process ${process.pid}) is running on ${dataDir}/postgres: stop it first`,
    )
    expect(await query(connection, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
  })

  it('starts PostgreSQL again that was killed, and tells', async () => {
    const exits: UnexpectedExit[] = []
    let restarts = 0
    const postgres = new EmbeddedPostgres({
      dataDir: temporaryFolder(),
      onUnexpectedExit: (exit) => exits.push(exit),
      onRestarted: () => {
        restarts += 1
      },
    })
    running.push(postgres)
    const connection = await postgres.start()
    await query(connection, 'CREATE TABLE kept AS SELECT 42 AS answer')
    process.kill(postgres.pid ?? 0, 'SIGKILL')
    await until(() => restarts === 1)
    expect(exits).toMatchObject([{ reason: 'SIGKILL', restartInMilliseconds: 250 }])
    expect(await query(connection, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }])
  })

  it('leaves no PostgreSQL behind when the server is killed, and recovers at the next start', async (context) => {
    if (!ServerProcess.canGuard()) context.skip('there is no setpriv that knows --pdeathsig')
    const dataDir = temporaryFolder()
    const server = await inItsOwnProcess(dataDir)
    await query(server.connection, 'CREATE TABLE kept AS SELECT 42 AS answer')
    await server.kill()
    await until(() => processIdentity(server.postgresPid) === undefined)
    const connection = await inThisProcess(dataDir).start()
    expect(await query(connection, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }])
  })

  it('stops the PostgreSQL that a killed server left behind, where the kernel does not', async () => {
    const dataDir = temporaryFolder()
    const server = await inItsOwnProcess(dataDir, { withoutGuard: true })
    await query(server.connection, 'CREATE TABLE kept AS SELECT 42 AS answer')
    await server.kill()
    expect(isPostgresOn(server.postgresPid, join(dataDir, 'postgres/data'))).toBe(true)
    const told: string[] = []
    const connection = await inThisProcess(dataDir, told).start()
    expect(told).toEqual([
      `stopping PostgreSQL (process ${server.postgresPid}), which a killed server left behind`,
    ])
    expect(await query(connection, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }])
  })

  it('starts over a postmaster.pid whose number now is another program, which it leaves alone', async () => {
    const dataDir = temporaryFolder()
    const first = inThisProcess(dataDir)
    await first.start()
    await first.stop()
    const bystander = spawn('sleep', ['60'])
    writeFileSync(
      join(dataDir, 'postgres/data/postmaster.pid'),
      `${bystander.pid}\n${dataDir}/postgres/data\n`,
    )
    const connection = await inThisProcess(dataDir).start()
    expect(await query(connection, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
    expect(processIdentity(bystander.pid ?? 0)).toBeDefined()
    bystander.kill()
  })

  it('says what to do with a cluster of another major version', async () => {
    const dataDir = temporaryFolder()
    mkdirSync(join(dataDir, 'postgres/data'), { recursive: true })
    writeFileSync(join(dataDir, 'postgres/data/PG_VERSION'), '17\n')
    await expect(inThisProcess(dataDir).start()).rejects.toThrow(
      /was made by PostgreSQL 17, but this Entrepot brings PostgreSQL 18.*ENTREPOT_DATABASE_URL/s,
    )
  })

  it('takes no half-made cluster for a whole one', async () => {
    const dataDir = temporaryFolder()
    mkdirSync(join(dataDir, 'postgres/data.new'), { recursive: true })
    writeFileSync(join(dataDir, 'postgres/data.new/PG_VERSION'), '18\n')
    const connection = await inThisProcess(dataDir).start()
    expect(await query(connection, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
  })

  it('uses a folder for temporary files where the path is too long for a socket', async () => {
    const dataDir = join(temporaryFolder(), 'a-long-name'.repeat(10))
    const postgres = inThisProcess(dataDir)
    const connection = await postgres.start()
    expect(connection.host.startsWith(dataDir)).toBe(false)
    expect(statSync(connection.host).mode & 0o777).toBe(0o700)
    await postgres.stop()
    expect(statSync(connection.host, { throwIfNoEntry: false })).toBeUndefined()
  })

  it('runs as an ordinary user', async (context) => {
    if (process.getuid?.() !== 0) context.skip('the tests run as an ordinary user, so all of them show this')
    const dataDir = temporaryFolder({ owner: 65_534 })
    const server = await inItsOwnProcess(dataDir, { user: 65_534 })
    expect(statSync(join(dataDir, 'postgres/data')).uid).toBe(65_534)
    expect(await query(server.connection, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
    await server.kill()
    await until(() => processIdentity(server.postgresPid) === undefined)
  })

  it('says whose the data is when it is somebody else’s', async (context) => {
    if (process.getuid?.() !== 0) context.skip('only root can give a folder to somebody else')
    const dataDir = temporaryFolder()
    await expect(ServerProcess.start(dataDir, { user: 65_534 })).rejects.toThrow(
      /can't be used by user 65534: EACCES.*ENTREPOT_DATA_DIR/,
    )
    chmodSync(dataDir, 0o755)
    mkdirSync(join(dataDir, 'postgres'))
    await expect(ServerProcess.start(dataDir, { user: 65_534 })).rejects.toThrow(
      /belongs to user 0, but Entrepot runs as user 65534/,
    )
  })
})
