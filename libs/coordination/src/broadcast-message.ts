import { Buffer } from 'node:buffer'

/** In bytes of UTF-8: PostgreSQL's NOTIFY takes 8000, the channel's name included. */
export const maximumMessageBytes = 4096

const channelGrammar = /^[a-z][a-z0-9_.-]{0,62}$/

/** What travels: all channels share one connection and one channel of the server, whose name is a constant. */
export interface BroadcastMessage {
  readonly channel: string
  readonly message: string
}

/** @throws RangeError for a channel that is no plain name, or a message that is too long or holds a NUL */
export function encodeBroadcast({ channel, message }: BroadcastMessage): string {
  if (!channelGrammar.test(channel)) {
    throw new RangeError(
      `channel ${JSON.stringify(channel)} is not a lower-case letter and up to 62 of a-z 0-9 _ . -`,
    )
  }
  const size = Buffer.byteLength(message)
  if (size > maximumMessageBytes) {
    throw new RangeError(
      `a message of ${size} bytes was to be broadcast, at most ${maximumMessageBytes} can be`,
    )
  }
  if (message.includes('\0')) throw new RangeError('a message with a NUL character was to be broadcast')
  return `${channel}\n${message}`
}

/** @returns undefined for what no replica of this kind has sent */
export function decodeBroadcast(payload: string): BroadcastMessage | undefined {
  const end = payload.indexOf('\n')
  return end < 0 ? undefined : { channel: payload.slice(0, end), message: payload.slice(end + 1) }
}
