import type { BuildViewer } from '@entrepot/builds'
import type { Caller } from '../caller.js'

/** Administrators see all builds, others what they published. */
export function buildViewerOf({ administrator, principal }: Caller): BuildViewer {
  return administrator ? { kind: 'all' } : { kind: 'publisher', id: principal.id }
}
