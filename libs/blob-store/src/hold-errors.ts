import type { Readable } from 'node:stream'

/**
 * Keeps an error of a stream that nobody listens to at the moment from ending the process. Nothing is lost: the stream
 * remembers its error, and whoever reads it next is told.
 */
export function holdErrors(source: Readable): void {
  if (!source.listeners('error').includes(hold)) source.on('error', hold)
}

const hold = () => undefined
