export const publicRows = [
  { route: 'GET /access/api/v1/jwks', access: 'public', administrator: 200 },
  // What is shown there is a provider's word, and no credentials of this server.
  { route: 'POST /access/api/v1/oidc/token', access: 'public', administrator: 400 },
  { route: 'GET /access/api/v1/oidc/login/:provider', access: 'public', administrator: 400 },
  { route: 'GET /access/api/v1/oidc/callback/:provider', access: 'public', administrator: 401 },
  { route: 'GET /artifactory/api/docs/:file', access: 'public', administrator: 404 },
] as const

/** Who sees which build, and finds which item: builds.e2e.ts. Here nobody has published any. */
export const buildRows = [
  { route: 'POST /artifactory/api/search/aql', access: 'login', administrator: 415, hidden: 415 },
  { route: 'GET /artifactory/:repository/*path', access: 'login', administrator: 404 },
  { route: 'PUT /artifactory/api/build', access: 'user', body: {}, administrator: 400, hidden: 400 },
  { route: 'GET /artifactory/api/build', access: 'user', administrator: 200, hidden: 200 },
  { route: 'GET /artifactory/api/build/*path', access: 'user', administrator: 404 },
  {
    route: 'POST /artifactory/api/build/patternArtifacts',
    access: 'user',
    body: [],
    administrator: 200,
    hidden: 200,
  },
  { route: 'POST /artifactory/api/build/append/*path', access: 'user', body: [], administrator: 404 },
  { route: 'POST /artifactory/api/build/promote/*path', access: 'user', administrator: 404 },
  { route: 'POST /artifactory/api/build/rename/*path', access: 'user', administrator: 400, hidden: 400 },
  { route: 'POST /artifactory/api/build/delete', access: 'user', administrator: 400, hidden: 400 },
  { route: 'DELETE /artifactory/api/build/*path', access: 'user', administrator: 400, hidden: 400 },
  {
    route: 'POST /artifactory/api/build/retention/*path',
    access: 'user',
    body: { count: 0 },
    administrator: 404,
  },
] as const

/** Who copies and moves what: transfers.e2e.ts. */
export const transferRows = [
  { route: 'POST /artifactory/api/copy/:repository/*path', access: 'login', administrator: 400, hidden: 400 },
  { route: 'POST /artifactory/api/move/:repository/*path', access: 'login', administrator: 400, hidden: 400 },
  // Without a slash at its end a path is no folder.
  { route: 'PUT /artifactory/:repository/*path', access: 'login', administrator: 404 },
] as const

/** An empty document changes nothing. */
export const configurationRows = [
  { route: 'GET /artifactory/api/entrepot/config', access: 'administrator', administrator: 200 },
  { route: 'POST /artifactory/api/entrepot/config/diff', access: 'administrator', administrator: 200 },
  { route: 'POST /artifactory/api/entrepot/config/apply', access: 'administrator', administrator: 200 },
] as const

export const unknownRows = [
  { route: 'ALL /artifactory', access: 'login', administrator: 404, hidden: 404 },
  { route: 'ALL /artifactory/*path', access: 'login', administrator: 404, hidden: 404 },
  { route: 'ALL /access', access: 'login', administrator: 404, hidden: 404 },
  { route: 'ALL /access/*path', access: 'login', administrator: 404, hidden: 404 },
] as const

export const systemRows = [
  { route: 'GET /artifactory/api/system/license', access: 'login', administrator: 200, hidden: 200 },
] as const

const probes = [
  ...['v1/system/liveness', 'v1/system/readiness', 'openapi.json', 'openapi.yaml', 'docs'].map(
    (path) => `artifactory/api/${path}`,
  ),
  'access/api/v1/system/ping',
  'access/api/v1/system/liveness',
  'access/api/v1/system/readiness',
  'router/api/v1/system/ping',
  'router/api/v1/system/liveness',
  'router/api/v1/system/readiness',
  'router/api/v1/system/health',
]

export const probeRows = probes.map(
  (path) => ({ route: `GET /${path}`, access: 'public', administrator: 200 }) as const,
)
