import { Connection } from './connection.js'
import { type Content, contentOf } from './content.js'
import { download, downloadVerified } from './download.js'
import type { Target, Task, TaskResult } from './tasks.js'
import { requireStored, upload } from './upload.js'

/** Does one task. Contents are made and connections opened before the clock starts, and uploads checked after it stops. */
export async function runTask(task: Task): Promise<TaskResult> {
  switch (task.kind) {
    case 'digest':
      return { seconds: 0, work: 0, digest: contentOf(task.blob).digest }
    case 'download':
      return runDownload(task)
    case 'upload':
      return runUpload(task)
    case 'mixed':
      return runMixed(task)
    case 'requests':
      return runRequests(task)
  }
}

type TaskOf<K extends Task['kind']> = Extract<Task, { readonly kind: K }>

async function runDownload(task: TaskOf<'download'>): Promise<TaskResult> {
  const { target, clients, times } = task
  const content = contentOf(task.blob)
  const fetchOnce = task.verify ? downloadVerified : download
  return withConnections(target, clients, async (connections) => {
    const seconds = await timed(() =>
      inParallel(connections, async (connection) => {
        for (let time = 0; time < times; time += 1) await fetchOnce(connection, target, content)
      }),
    )
    return { seconds, work: content.size * clients * times }
  })
}

async function runUpload(task: TaskOf<'upload'>): Promise<TaskResult> {
  const { target, mode } = task
  const contents = task.blobs.map(contentOf)
  return withConnections(target, task.clients, async (connections) => {
    const queue = [...contents]
    const seconds = await timed(() =>
      inParallel(connections, async (connection) => {
        for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
          await upload(connection, target, next, mode)
        }
      }),
    )
    await requireAllStored(connections, target, contents)
    return { seconds, work: contents.reduce((sum, { size }) => sum + size, 0) }
  })
}

async function runMixed(task: TaskOf<'mixed'>): Promise<TaskResult> {
  const { target, downloads } = task
  const downloaded = contentOf(task.download)
  const uploaded = task.uploads.map(contentOf)
  return withConnections(target, downloads + uploaded.length, async (connections) => {
    const seconds = await timed(() =>
      inParallel(connections, (connection, position) => {
        const content = uploaded[position]
        return content === undefined
          ? download(connection, target, downloaded)
          : upload(connection, target, content, position % 2 === 0 ? 'patch' : 'put')
      }),
    )
    await requireAllStored(connections, target, uploaded)
    const work = downloads * downloaded.size + uploaded.reduce((sum, { size }) => sum + size, 0)
    return { seconds, work }
  })
}

async function runRequests(task: TaskOf<'requests'>): Promise<TaskResult> {
  const { target } = task
  const path = `${target.path}${task.path}`
  return withConnections(target, task.connections, async (connections) => {
    let work = 0
    const until = performance.now() + task.seconds * 1000
    const seconds = await timed(() =>
      inParallel(connections, async (connection) => {
        while (performance.now() < until) {
          const { status } = await connection.request('GET', path, task.headers)
          if (status !== 200) throw new Error(`GET ${path} answers ${status}`)
          work += 1
        }
      }),
    )
    return { seconds, work }
  })
}

async function withConnections<T>(
  target: Target,
  count: number,
  work: (connections: readonly Connection[]) => Promise<T>,
): Promise<T> {
  const connections: Connection[] = []
  try {
    while (connections.length < count) connections.push(await Connection.open(target))
    return await work(connections)
  } finally {
    for (const connection of connections) connection.close()
  }
}

async function requireAllStored(
  connections: readonly Connection[],
  target: Target,
  contents: readonly Content[],
): Promise<void> {
  const [connection] = connections
  if (connection === undefined) return
  for (const content of contents) await requireStored(connection, target, content)
}

async function inParallel(
  connections: readonly Connection[],
  work: (connection: Connection, position: number) => Promise<void>,
): Promise<void> {
  await Promise.all(connections.map(work))
}

async function timed(work: () => Promise<void>): Promise<number> {
  const started = performance.now()
  await work()
  return (performance.now() - started) / 1000
}
