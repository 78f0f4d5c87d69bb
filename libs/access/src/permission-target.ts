import type { Action } from '@entrepot/kernel'

/** In place of repository keys: all, all local ones, all remote ones. */
export const anyRepository = ['ANY', 'ANY LOCAL', 'ANY REMOTE'] as const

/** What Artifactory's targets can grant besides, and which does not exist here. */
export const keptActions = ['scan', 'execute'] as const
export type KeptAction = (typeof keptActions)[number]

/** A part of a target that is not about the content of repositories, such as the one about builds. */
export interface KeptSection {
  readonly users: Readonly<Record<string, readonly (Action | KeptAction)[]>>
  readonly groups: Readonly<Record<string, readonly (Action | KeptAction)[]>>
  /** By what they are about. */
  readonly targets: Readonly<
    Record<string, { readonly includes: readonly string[]; readonly excludes: readonly string[] }>
  >
}

/** What has no effect, and is kept to be shown to whom it is from. */
export interface KeptPermissions {
  /** Beside what `PermissionTarget.users` says of the same names. */
  readonly users: Readonly<Record<string, readonly KeptAction[]>>
  readonly groups: Readonly<Record<string, readonly KeptAction[]>>
  /** By Artifactory's name for the type of resource. */
  readonly sections: Readonly<Record<string, KeptSection>>
}

/** Who may do what to which content. All that apply to somebody add up; nothing takes a right away. */
export interface PermissionTarget {
  readonly name: string
  /** Keys, or one of `anyRepository`. */
  readonly repositories: readonly string[]
  /** Ant patterns over the image and over `image/tag`; empty: everything. */
  readonly includes: readonly string[]
  /** An exclude wins over an include of the same target. */
  readonly excludes: readonly string[]
  /** By user name; `anonymous` is whoever has not logged in. */
  readonly users: Readonly<Record<string, readonly Action[]>>
  /** By group name. */
  readonly groups: Readonly<Record<string, readonly Action[]>>
  /** Absent where there is nothing of the kind. */
  readonly kept?: KeptPermissions
}

export interface StoredPermissionTarget {
  readonly target: PermissionTarget
  /** Grows with every change and is never used twice, not by another target either. */
  readonly revision: number
}

export interface PermissionTargetStore {
  /** What is another text whenever `list` answers something else: it costs less to ask for. */
  version(): Promise<string>
  /** All of them, by name. */
  list(): Promise<readonly StoredPermissionTarget[]>
  /** @throws RegistryError CONFLICT when the name is taken */
  create(target: PermissionTarget): Promise<StoredPermissionTarget>
  /** @throws RegistryError NAME_UNKNOWN when it is gone; CONFLICT when `revision` is no longer the stored one */
  update(target: PermissionTarget, revision: number): Promise<StoredPermissionTarget>
  /** @returns false when there was none */
  delete(name: string): Promise<boolean>
}
