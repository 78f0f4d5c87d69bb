const longestName = 256

/**
 * The user name of Basic credentials, whether they are right or not: for the record of those that are not.
 * @returns undefined for anything else. RFC 7617 section 2
 */
export function basicName(authorization: string | undefined): string | undefined {
  const encoded = /^basic +(\S+) *$/i.exec(authorization ?? '')?.[1]
  if (encoded === undefined) return undefined
  const text = Buffer.from(encoded, 'base64').toString('utf8')
  const colon = text.indexOf(':')
  return colon < 0 ? undefined : text.slice(0, Math.min(colon, longestName))
}
