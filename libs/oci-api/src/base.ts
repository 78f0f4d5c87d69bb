import type { RootCall } from './call.js'

const emptyObject = Buffer.from('{}')

/** `GET|HEAD /v2/`. distribution-spec "Determining Support". */
export function answerBase(call: RootCall): Promise<void> {
  call.exchange.replyBytes(200, ['Content-Type', 'application/json', 'Content-Length', '2'], emptyObject)
  return Promise.resolve()
}
