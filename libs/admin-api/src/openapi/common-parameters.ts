import { whole } from './json-schema.js'
import type { ParameterDescription } from './route-description.js'

/** Of the lists that come by pages. */
export const pageParameters: Readonly<Record<string, ParameterDescription>> = {
  limit: {
    description: 'How many there may be on a page, at most 1000, which is also the default.',
    schema: { ...whole, minimum: 1, default: 1000 },
  },
  cursor: { description: 'The `cursor` of the page before.' },
}

export const wrongPage = 'limit is no number from 1 on, or a parameter is given twice'
