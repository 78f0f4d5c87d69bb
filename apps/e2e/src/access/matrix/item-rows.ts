const changes = [
  'PUT /artifactory/api/storage/:repository',
  'PUT /artifactory/api/storage/:repository/*path',
  'DELETE /artifactory/api/storage/:repository',
  'DELETE /artifactory/api/storage/:repository/*path',
  'PATCH /artifactory/api/metadata/:repository',
  'PATCH /artifactory/api/metadata/:repository/*path',
] as const

export const itemRows = [
  // What is in an image is told and deleted by who may read and delete it: items.e2e.ts.
  { route: 'GET /artifactory/api/storage/:repository/*path', access: 'login', administrator: 404 },
  { route: 'DELETE /artifactory/:repository/*path', access: 'login', administrator: 404 },
  // Who finds what: properties.e2e.ts.
  { route: 'GET /artifactory/api/search/artifact', access: 'login', administrator: 400, hidden: 400 },
  { route: 'GET /artifactory/api/search/prop', access: 'login', administrator: 400, hidden: 400 },
  { route: 'GET /artifactory/api/search/checksum', access: 'login', administrator: 400, hidden: 400 },
  { route: 'GET /artifactory/api/search/pattern', access: 'login', administrator: 400, hidden: 400 },
  { route: 'GET /artifactory/api/entrepot/search', access: 'login', administrator: 200, hidden: 200 },
  // Who reads and annotates what: properties.e2e.ts. What is asked is looked at first.
  ...changes.map((route) => ({ route, access: 'login', body: {}, administrator: 400, hidden: 400 }) as const),
] as const
