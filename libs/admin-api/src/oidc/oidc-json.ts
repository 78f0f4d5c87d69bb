import type { OidcMapping, OidcProvider } from '@entrepot/identity'

/** As it is shown and written down: never with the client's secret. */
export function oidcProviderJson(provider: OidcProvider): object {
  return {
    name: provider.name,
    issuer_url: provider.issuer,
    provider_type: provider.providerType,
    audience: provider.audience ?? '',
    description: provider.description,
    client_id: provider.client?.id ?? '',
    token_type: provider.tokenType,
    name_claim: provider.nameClaim,
    groups_claim: provider.groupsClaim ?? '',
    matches_accounts: provider.matchesAccounts,
    login_seconds: provider.loginSeconds,
    allow_insecure_http: provider.allowInsecureHttp,
  }
}

export function oidcMappingJson({ name, description, priority, claims, token }: OidcMapping): object {
  return {
    name,
    description,
    priority,
    claims,
    token_spec: {
      username: token.username ?? '',
      scope: token.scope,
      audience: token.audience ?? '',
      expires_in: token.expiresInSeconds,
    },
  }
}
