/**
 * Whether a text gives a secret away: as it is, in the escapes of JSON and URLs, as hex, or in base64, at whatever place
 * inside of what was encoded, as in `Authorization: Basic`.
 */
export function givesAway(text: string, secret: string): boolean {
  return disguises(secret).some((disguise) => text.includes(disguise))
}

function disguises(secret: string): readonly string[] {
  const bytes = Buffer.from(secret)
  return [
    secret,
    JSON.stringify(secret).slice(1, -1),
    encodeURIComponent(secret),
    bytes.toString('hex'),
    ...[0, 1, 2].flatMap((shift) => [
      insideBase64(bytes, shift, 'base64'),
      insideBase64(bytes, shift, 'base64url'),
    ]),
  ]
}

/** The characters that stand for the secret's bytes alone, when `shift` bytes, or three more, stand before it. */
function insideBase64(bytes: Buffer, shift: number, encoding: 'base64' | 'base64url'): string {
  const encoded = Buffer.concat([Buffer.alloc(shift), bytes]).toString(encoding)
  const first = Math.ceil((shift * 8) / 6)
  const last = Math.floor(((shift + bytes.length) * 8) / 6)
  return encoded.slice(first, last)
}
