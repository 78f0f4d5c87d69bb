import { RegistryError } from '@entrepot/kernel'

/** The configurations of this API nest three deep; recursion in libraries must not meet thousands. */
const maximumDepth = 32

/** PostgreSQL keeps neither NUL nor half a surrogate pair. @throws RegistryError REQUEST_INVALID */
export function checkContent(root: unknown): void {
  const pending = [{ value: root, depth: 1 }]
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { value, depth } = next
    if (typeof value === 'string' && (value.includes('\0') || !value.isWellFormed())) {
      throw invalid('the body has text with NUL or broken Unicode in it')
    }
    if (typeof value !== 'object' || value === null) continue
    if (depth > maximumDepth) throw invalid(`the body nests deeper than ${maximumDepth}`)
    for (const [name, child] of Object.entries(value)) {
      pending.push({ value: name, depth: depth + 1 }, { value: child, depth: depth + 1 })
    }
  }
}

function invalid(message: string): RegistryError {
  return new RegistryError('REQUEST_INVALID', message)
}
