import type { Route } from '../route.js'
import { routesOf } from '../routes.js'

const onlyListed = () => Promise.reject(new Error('this table of routes is there to be read'))

/** The rows that the registry API answers, without anything behind them. */
export const registryRoutes: readonly Pick<Route, 'name' | 'method' | 'pattern' | 'action'>[] = routesOf({
  token: { get: onlyListed, post: onlyListed },
  catalog: { list: onlyListed },
  manifestPushes: { put: onlyListed },
  blobDownloads: { get: onlyListed },
  blobUploads: {
    start: onlyListed,
    status: onlyListed,
    patch: onlyListed,
    finish: onlyListed,
    cancel: onlyListed,
  },
})
