import type { DirectoryGroupSettings, DirectorySettings } from '@entrepot/identity'

/** The settings as they are shown and written down: never with the manager's password. */
export function directoryJson(settings: DirectorySettings): object {
  const { search, urls } = settings
  return {
    key: settings.key,
    enabled: settings.enabled,
    ldap_url: urls.join(' '),
    ldap_urls: urls,
    user_dn_pattern: settings.userDnPattern ?? '',
    search: {
      search_filter: search.searchFilter,
      search_base: search.searchBase,
      search_sub_tree: search.searchSubTree,
      manager_dn: search.managerDn ?? '',
    },
    auto_create_user: settings.autoCreateUser,
    email_attribute: settings.emailAttribute,
    ldap_poisoning_protection: settings.ldapPoisoningProtection,
    allow_user_to_access_profile: settings.allowUserToAccessProfile,
    paging_support_enabled: settings.pagingSupport,
    start_tls: settings.startTls,
    ca_certificates: settings.caCertificates ?? '',
    referrals: settings.referrals,
    page_size: settings.pageSize,
    connect_timeout_milliseconds: settings.connectTimeoutMilliseconds,
    read_timeout_milliseconds: settings.readTimeoutMilliseconds,
  }
}

export function directoryGroupJson(settings: DirectoryGroupSettings): object {
  return {
    name: settings.name,
    enabled_ldap: settings.enabledLdap,
    group_base_dn: settings.groupBaseDn,
    group_name_attribute: settings.groupNameAttribute,
    group_member_attribute: settings.groupMemberAttribute,
    sub_tree: settings.subTree,
    force_attribute_search: settings.forceAttributeSearch,
    filter: settings.filter,
    description_attribute: settings.descriptionAttribute,
    strategy: settings.strategy,
    nested_depth: settings.nestedDepth,
  }
}
