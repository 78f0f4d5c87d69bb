/** @returns why `text` can't be the address of an upstream registry, as "expected …"; undefined when it can */
export function upstreamUrlRefusal(text: string): string | undefined {
  if (!/^https?:\/\/[^\s\\\p{Cc}]+$/u.test(text) || !URL.canParse(text)) {
    return 'expected an address such as https://registry-1.docker.io'
  }
  const url = new URL(text)
  if (url.username !== '' || url.password !== '' || /^https?:\/\/[^/?#]*@/.test(text)) {
    return 'expected an address without credentials: they belong into username and password'
  }
  if (/[?#]/.test(text)) return 'expected an address without query and fragment'
  return undefined
}

/** For messages: everything that can be a secret in a URL, well-formed or not, is left out. */
export function withoutCredentials(text: string): string {
  return text.replace(/[?#].*$/su, '').replace(/^([a-z][a-z\d+.-]*:\/*)?.*@/isu, '$1')
}
