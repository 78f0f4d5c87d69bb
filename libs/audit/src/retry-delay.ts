/**
 * How long to wait before an outlet is tried again: doubled with each failure, and spread over half of that, so that
 * replicas which lost the same receiver don't come back in the same instant.
 * @param failures how many attempts have failed in a row
 * @param random from 0 up to 1
 */
export function retryDelay(
  failures: number,
  { first, longest }: { readonly first: number; readonly longest: number },
  random: () => number,
): number {
  const full = Math.min(first * 2 ** Math.min(failures - 1, 16), longest)
  return Math.round(full * (0.5 + random() / 2))
}
