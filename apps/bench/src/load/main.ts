import { runTask } from './run-task.js'
import type { Task, TaskAnswer } from './tasks.js'

/** The load process: one task after the other, as they come from the parent. */
process.on('message', (task: Task) => {
  runTask(task).then(
    (result) => answer({ result }),
    (error: unknown) => answer({ error: error instanceof Error ? error.message : String(error) }),
  )
})
process.once('disconnect', () => process.exit())

function answer(value: TaskAnswer): void {
  process.send?.(value)
}
