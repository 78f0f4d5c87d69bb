/** All `Warning` headers of an answer together. distribution-spec "Warnings". */
const maximumBytes = 4096

/** Each warning as `299 - "<text>"`, without a date; those beyond 4096 bytes are left out. */
export function warningHeaders(warnings: readonly string[]): string[] {
  const headers: string[] = []
  let bytes = 0
  for (const warning of warnings) {
    const value = `299 - "${warning.replaceAll(/[^\x20-\x7e]/g, ' ').replaceAll(/["\\]/g, "'")}"`
    bytes += value.length
    if (bytes > maximumBytes) break
    headers.push('Warning', value)
  }
  return headers
}
