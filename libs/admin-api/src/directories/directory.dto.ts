import {
  type DirectoryGroupSettings,
  type DirectorySearch,
  type DirectorySettings,
  type DirectorySettingsFields,
  groupStrategies,
} from '@entrepot/identity'
import { IsCount, IsFlag, IsOneOf, IsSecretText, IsText, IsTextList } from '../field-rules.js'
import { given } from '../http/given.js'
import { objectOf } from '../http/object-of.js'
import { parseDto, refuseCamelCase, unknownFieldsIn } from '../http/parse-dto.js'
import type { JsonObject } from '../json-body.js'

/** Artifactory's LDAP setting; `ldap_urls` and all from `start_tls` on are ours. */
export class DirectoryDto {
  @IsText() key?: string
  @IsFlag() enabled?: boolean
  /** One, or several of the same content with blanks between them. */
  @IsText() ldap_url?: string
  @IsTextList() ldap_urls?: string[]
  @IsText() user_dn_pattern?: string
  @IsFlag() auto_create_user?: boolean
  @IsText() email_attribute?: string
  @IsFlag() ldap_poisoning_protection?: boolean
  @IsFlag() allow_user_to_access_profile?: boolean
  @IsFlag() paging_support_enabled?: boolean
  @IsFlag() start_tls?: boolean
  @IsText() ca_certificates?: string
  @IsOneOf(['follow', 'ignore']) referrals?: 'follow' | 'ignore'
  @IsCount(1, 10_000) page_size?: number
  @IsCount(100, 60_000) connect_timeout_milliseconds?: number
  @IsCount(100, 120_000) read_timeout_milliseconds?: number
}

export class DirectorySearchDto {
  @IsText() search_filter?: string
  @IsText() search_base?: string
  @IsFlag() search_sub_tree?: boolean
  @IsText() manager_dn?: string
  @IsSecretText() manager_password?: string
}

/** Whose login is to be tried. */
export class TestUserDto {
  @IsText() user?: string
  @IsSecretText() password?: string
}

/** Artifactory's LDAP group setting; `nested_depth` is ours. */
export class DirectoryGroupDto {
  @IsText() name?: string
  @IsText() enabled_ldap?: string
  @IsText() group_base_dn?: string
  @IsText() group_name_attribute?: string
  @IsText() group_member_attribute?: string
  @IsFlag() sub_tree?: boolean
  @IsFlag() force_attribute_search?: boolean
  @IsText() filter?: string
  @IsText() description_attribute?: string
  @IsOneOf(groupStrategies) strategy?: (typeof groupStrategies)[number]
  @IsCount(0, 10) nested_depth?: number
}

export interface ParsedDirectory {
  readonly key: string | undefined
  readonly fields: DirectorySettingsFields
  readonly ignored: readonly string[]
}

/** @throws RegistryError REQUEST_INVALID */
export function parseDirectory(body: JsonObject): ParsedDirectory {
  const { search, ...rest } = body
  refuseCamelCase(DirectoryDto, rest)
  const dto = parseDto(DirectoryDto, rest)
  const searchBody = search === undefined || search === null ? undefined : objectOf(search, 'search')
  refuseCamelCase(DirectorySearchDto, searchBody ?? {}, 'search.')
  return {
    key: dto.key,
    fields: {
      ...fieldsOf(dto),
      ...(searchBody === undefined
        ? {}
        : { search: searchOf(parseDto(DirectorySearchDto, searchBody, 'search.')) }),
    },
    ignored: [
      ...unknownFieldsIn(DirectoryDto, rest),
      ...unknownFieldsIn(DirectorySearchDto, searchBody ?? {}, 'search.'),
    ],
  }
}

/** @throws RegistryError REQUEST_INVALID */
export function parseDirectoryGroup(body: JsonObject): Partial<DirectoryGroupSettings> {
  refuseCamelCase(DirectoryGroupDto, body)
  const dto = parseDto(DirectoryGroupDto, body)
  return given<Partial<DirectoryGroupSettings>>({
    name: dto.name,
    enabledLdap: dto.enabled_ldap,
    groupBaseDn: dto.group_base_dn,
    groupNameAttribute: dto.group_name_attribute,
    groupMemberAttribute: dto.group_member_attribute,
    subTree: dto.sub_tree,
    forceAttributeSearch: dto.force_attribute_search,
    filter: dto.filter,
    descriptionAttribute: dto.description_attribute,
    strategy: dto.strategy,
    nestedDepth: dto.nested_depth,
  })
}

type Fields = Partial<Omit<DirectorySettings, 'search' | 'key'>>

/** Empty text in an optional field means that there is none. */
function fieldsOf(dto: DirectoryDto): Fields {
  const urls = dto.ldap_urls ?? dto.ldap_url?.split(/\s+/).filter((url) => url !== '')
  return {
    ...given<Fields>({
      enabled: dto.enabled,
      urls,
      startTls: dto.start_tls,
      caCertificates: undefined,
      userDnPattern: undefined,
      autoCreateUser: dto.auto_create_user,
      emailAttribute: dto.email_attribute,
      referrals: dto.referrals,
      pagingSupport: dto.paging_support_enabled,
      pageSize: dto.page_size,
      connectTimeoutMilliseconds: dto.connect_timeout_milliseconds,
      readTimeoutMilliseconds: dto.read_timeout_milliseconds,
      ldapPoisoningProtection: dto.ldap_poisoning_protection,
      allowUserToAccessProfile: dto.allow_user_to_access_profile,
    }),
    ...(dto.ca_certificates === undefined ? {} : { caCertificates: dto.ca_certificates || undefined }),
    ...(dto.user_dn_pattern === undefined ? {} : { userDnPattern: dto.user_dn_pattern || undefined }),
  }
}

/** An empty password is what a client sends back that was shown none: it keeps the stored one. */
function searchOf(dto: DirectorySearchDto): Partial<DirectorySearch> {
  return {
    ...given<Partial<DirectorySearch>>({
      searchFilter: dto.search_filter,
      searchBase: dto.search_base,
      searchSubTree: dto.search_sub_tree,
      managerDn: undefined,
      managerPassword: dto.manager_password === '' ? undefined : dto.manager_password,
    }),
    ...(dto.manager_dn === undefined ? {} : { managerDn: dto.manager_dn || undefined }),
  }
}
