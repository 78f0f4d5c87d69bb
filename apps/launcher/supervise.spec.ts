import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'

const superviseUrl = pathToFileURL(fileURLToPath(new URL('supervise.mjs', import.meta.url))).href

/** Stands in for the server: says what reaches it, and ends as it is told. */
const server = `
  process.on('SIGINT', () => console.log('got SIGINT'))
  process.on('SIGTERM', () => {
    console.log('got SIGTERM')
    setTimeout(() => process.exit(3), 700)
  })
  process.on('disconnect', () => {
    console.log('launcher gone')
    process.exit(0)
  })
  setInterval(() => undefined, 1000)
  console.log('pid ' + process.pid)
`

describe('the launcher supervising the server', () => {
  let folder: string
  let launcher: ChildProcess | undefined
  let output = ''

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'entrepot-supervise-'))
    writeFileSync(join(folder, 'server.mjs'), server)
    const launch = `import { supervise } from ${JSON.stringify(superviseUrl)}
      process.exitCode = await supervise(process.execPath, [process.argv[2]])`
    writeFileSync(join(folder, 'launch.mjs'), launch)
  })
  afterEach(() => {
    launcher?.kill('SIGKILL')
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  const start = async (): Promise<ChildProcess> => {
    output = ''
    const started = spawn(process.execPath, [join(folder, 'launch.mjs'), join(folder, 'server.mjs')], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    launcher = started
    started.stdout.on('data', (chunk) => (output += String(chunk)))
    await expect.poll(() => output, { timeout: 5_000 }).toContain('pid ')
    return started
  }

  it('takes two signals of one key press for one, and ends with the exit code of the server', async () => {
    const started = await start()
    started.kill('SIGTERM')
    await delay(50)
    started.kill('SIGTERM')
    const [code] = await once(started, 'exit')
    expect(code).toBe(3)
    expect(output.match(/got SIGTERM/g)).toHaveLength(1)
  })

  it('passes a second key press on', async () => {
    const started = await start()
    started.kill('SIGINT')
    await expect.poll(() => output).toContain('got SIGINT')
    await delay(600)
    started.kill('SIGINT')
    await expect.poll(() => output.match(/got SIGINT/g)?.length).toBe(2)
    started.kill('SIGKILL')
  })

  it('is missed by the server when it is killed', async () => {
    const started = await start()
    started.kill('SIGKILL')
    await expect.poll(() => output, { timeout: 5_000 }).toContain('launcher gone')
  })
})
