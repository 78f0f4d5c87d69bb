const remindEveryMilliseconds = 15_000

/**
 * Says what is being done, that it goes on, and how long it took.
 * @template T
 * @param {string} what
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withProgress(what, work) {
  const started = performance.now()
  const seconds = () => `${Math.round((performance.now() - started) / 1000)} s`
  say(`${what} ...`)
  const reminder = setInterval(() => say(`... still ${what}, ${seconds()}`), remindEveryMilliseconds)
  try {
    const result = await work()
    say(`... done in ${seconds()}`)
    return result
  } finally {
    clearInterval(reminder)
  }
}

/** @param {string} text */
function say(text) {
  process.stderr.write(`entrepot: ${text}\n`)
}
