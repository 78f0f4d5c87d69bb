/** Whether a part of a filter stands for more than one text: by a star, which is any text, none included. */
export function standsForMany(pattern: string): boolean {
  return pattern.includes('*')
}

/** Whether a text is one of those that a pattern stands for: what is between its stars, in order, nothing twice. */
export function isOneOf(pattern: string, text: string): boolean {
  const [first = '', ...rest] = pattern.split('*')
  const last = rest.pop()
  if (last === undefined) return text === pattern
  if (!text.startsWith(first) || text.length < first.length + last.length || !text.endsWith(last))
    return false
  const end = text.length - last.length
  let at = first.length
  for (const part of rest) {
    const found = text.indexOf(part, at)
    if (found < 0 || found + part.length > end) return false
    at = found + part.length
  }
  return true
}
