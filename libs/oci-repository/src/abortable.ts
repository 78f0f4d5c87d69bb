/**
 * Waits for work that belongs to several requests: the waiter's signal ends the waiting, never the work.
 * @throws the signal's reason when it is aborted first
 */
export async function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted()
  let stopWaiting: (() => void) | undefined
  const aborted = new Promise<never>((_, reject) => {
    stopWaiting = () => reject(signal.reason as Error)
    signal.addEventListener('abort', stopWaiting, { once: true })
  })
  try {
    return await Promise.race([work, aborted])
  } finally {
    if (stopWaiting !== undefined) signal.removeEventListener('abort', stopWaiting)
  }
}
