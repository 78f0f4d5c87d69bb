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
  // Who reads and annotates what: properties.e2e.ts. What is asked is looked at first.
  ...changes.map((route) => ({ route, access: 'login', body: {}, administrator: 400, hidden: 400 }) as const),
] as const
