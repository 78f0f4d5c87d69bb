/** A failure whose message is all that a reader needs: printed without a stack. */
export class LauncherError extends Error {
  /**
   * @param {string} message
   * @param {number} [exitCode]
   */
  constructor(message, exitCode = 1) {
    super(message)
    this.name = 'LauncherError'
    this.exitCode = exitCode
  }
}

/**
 * Runs a command's body, turning what it returns or throws into the exit code.
 * @param {() => Promise<number>} body
 */
export async function launch(body) {
  try {
    process.exitCode = await body()
  } catch (error) {
    if (!(error instanceof LauncherError)) throw error
    process.stderr.write(`entrepot: ${error.message}\n`)
    process.exitCode = error.exitCode
  }
}
