const here = 'http://here.invalid'

/**
 * Whether a text is a path on this server and nothing that a browser takes to another: no `//host`, no backslash, no
 * scheme, encoded ones included.
 */
export function isOwnPath(text: string): boolean {
  return isPlainPath(text) && isPlainPath(decoded(decoded(text)))
}

function isPlainPath(text: string): boolean {
  if (!/^\/(?![/\\])[^\\\p{C}]*$/u.test(text) || !URL.canParse(text, here)) return false
  const url = new URL(text, here)
  return url.origin === here && !url.pathname.startsWith('//')
}

/** Empty, which is no path, for what is not encoded well. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch (error) {
    if (error instanceof URIError) return ''
    throw error
  }
}
