import { open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

const piece = Buffer.alloc(1024 * 1024, 1)

/** Linux reports freed memory to the host every two seconds: by then, what was free before is reported. */
const reportedMilliseconds = 4_500

/**
 * Has the kernel touch as much memory as a push will fill. A virtual machine gives free memory back to its host after
 * two seconds, and fetching it again may cost more than the push itself: chance would decide the figure.
 */
export async function warmMemory(folder: string, mebibytes: number): Promise<void> {
  await delay(reportedMilliseconds)
  const path = join(folder, 'entrepot-bench-warm-up')
  const file = await open(path, 'w')
  try {
    for (let written = 0; written < mebibytes; written += 1) await file.write(piece)
  } finally {
    await file.close()
    await rm(path)
  }
}
