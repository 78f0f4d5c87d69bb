import { parseBuildName } from '@entrepot/builds'
import { RegistryError } from '@entrepot/kernel'
import type { PathParts } from '../items/item-path.js'

/** A build, or one of its runs. */
export interface BuildPath {
  readonly name: string
  readonly number: string | undefined
}

/**
 * What a path may name, the likeliest first: clients that leave the slashes of a name as they are mean the last part for
 * the number, where they mean a run.
 */
export function buildPathsOf(parts: PathParts): readonly [BuildPath, ...BuildPath[]] {
  const all = partsOf(parts)
  const whole = { name: all.join('/'), number: undefined }
  return all.length === 1 ? [whole] : [runPathOf(all), whole]
}

/** For what can only be a run. @throws RegistryError REQUEST_INVALID */
export function runOf(parts: PathParts): { readonly name: string; readonly number: string } {
  const all = partsOf(parts)
  if (all.length > 1) return runPathOf(all)
  throw new RegistryError(
    'REQUEST_INVALID',
    'the path has no build number, expected <name>/<number> at its end',
  )
}

/** For what can only be a name. @throws RegistryError REQUEST_INVALID */
export function buildNameOf(parts: PathParts): string {
  return parseBuildName('the name of the build', partsOf(parts).join('/'))
}

function runPathOf(all: readonly string[]): { readonly name: string; readonly number: string } {
  return { name: all.slice(0, -1).join('/'), number: all.at(-1) ?? '' }
}

function partsOf(parts: PathParts): readonly string[] {
  const all = typeof parts === 'string' ? parts.split('/') : (parts ?? [])
  return all.length > 1 && all.at(-1) === '' ? all.slice(0, -1) : all
}
