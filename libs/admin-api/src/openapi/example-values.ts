/** What stands in the examples for what is made at random: the tests put the real values in its place. */
export const exampleDigest = `sha256:${'1f'.repeat(32)}`
export const exampleTokenId = '0196f0c2-7f3a-7c11-9b5e-0c7d3f1a2b4c'
export const exampleRefreshToken = 'refresh-token-of-alice'
export const exampleIdToken = 'eyJhbGciOiJSUzI1NiJ9.e30.signature'
export const examplePassword = 'the old password'
export const exampleLoginCode = 'code-of-the-provider'
export const exampleLoginState = 'state-of-the-login'
export const exampleCookie = 'entrepot-oidc-login=secret-of-the-browser'
