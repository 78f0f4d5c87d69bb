const firstMilliseconds = 100
const longestMilliseconds = 5_000

/**
 * How long to wait before connecting again: doubled with each failure, and spread over half of that, so that replicas
 * which lost the same server don't come back in the same instant.
 * @param failures how many attempts have failed in a row
 * @param random from 0 up to 1
 */
export function reconnectDelay(failures: number, random: () => number): number {
  const longest = Math.min(firstMilliseconds * 2 ** Math.min(failures, 16), longestMilliseconds)
  return Math.round(longest * (0.5 + random() / 2))
}
