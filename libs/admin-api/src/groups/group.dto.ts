import type { GroupChange } from '@entrepot/identity'
import { IsFlag, IsText, IsTextList } from '../field-rules.js'
import { given } from '../http/given.js'

/** Artifactory's security entity of type group. */
export class GroupV1Dto {
  @IsText() name?: string
  @IsText() description?: string
  @IsFlag() autoJoin?: boolean
  @IsFlag() adminPrivileges?: boolean
  @IsText() realm?: string
  @IsText() realmAttributes?: string
  @IsText() externalId?: string
  @IsTextList() userNames?: string[]
}

/** The group of `/access/api/v2/groups`. */
export class GroupV2Dto {
  @IsText() name?: string
  @IsText() description?: string
  @IsFlag() auto_join?: boolean
  @IsFlag() admin_privileges?: boolean
  @IsText() realm?: string
  @IsText() realm_attributes?: string
  @IsText() external_id?: string
  @IsTextList() members?: string[]
}

export interface GroupSettings {
  readonly change: GroupChange
  /** All that are to be members by being named here; undefined: as they are. */
  readonly members: readonly string[] | undefined
}

export function groupSettingsOfV1(dto: GroupV1Dto): GroupSettings {
  const { description, autoJoin, adminPrivileges, realm, realmAttributes, externalId, userNames } = dto
  return {
    change: changeOf({ description, autoJoin, adminPrivileges, realm, realmAttributes, externalId }),
    members: userNames,
  }
}

export function groupSettingsOfV2(dto: GroupV2Dto): GroupSettings {
  return {
    change: changeOf({
      description: dto.description,
      autoJoin: dto.auto_join,
      adminPrivileges: dto.admin_privileges,
      realm: dto.realm,
      realmAttributes: dto.realm_attributes,
      externalId: dto.external_id,
    }),
    members: dto.members,
  }
}

type ChangeFields = { readonly [K in keyof GroupChange]-?: GroupChange[K] | undefined }

/** Empty text in the optional fields means that there is none. */
function changeOf({ realmAttributes, externalId, ...fields }: ChangeFields): GroupChange {
  return {
    ...given<GroupChange>({ ...fields, realmAttributes: undefined, externalId: undefined }),
    ...(realmAttributes === undefined ? {} : { realmAttributes: realmAttributes || undefined }),
    ...(externalId === undefined ? {} : { externalId: externalId || undefined }),
  }
}
