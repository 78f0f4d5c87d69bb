import type { PermissionTarget } from '../permission-target.js'

/** A target over everything that gives nothing to anybody, but for the particulars. */
export function permissionTarget(
  name: string,
  particulars: Partial<PermissionTarget> = {},
): PermissionTarget {
  return { name, repositories: ['ANY'], includes: [], excludes: [], users: {}, groups: {}, ...particulars }
}
