import type { OidcMapping, OidcProvider } from '../oidc/oidc-provider.js'

export function oidcProvider(particulars: Partial<OidcProvider> = {}): OidcProvider {
  return {
    name: 'corp',
    description: '',
    issuer: 'https://login.example',
    providerType: 'generic',
    client: undefined,
    audience: 'entrepot',
    tokenType: 'id-token',
    nameClaim: 'preferred_username',
    groupsClaim: undefined,
    matchesAccounts: false,
    loginSeconds: 3600,
    allowInsecureHttp: false,
    ...particulars,
  }
}

export function oidcMapping(particulars: Partial<OidcMapping> = {}): OidcMapping {
  return {
    name: 'main',
    description: '',
    priority: 1,
    claims: { repository: 'team/app' },
    token: {
      username: 'ci',
      scope: 'artifact:docker-local/team/**:r,w',
      audience: undefined,
      expiresInSeconds: 600,
    },
    ...particulars,
  }
}
