/** The client left, or was silent for too long: nobody is there to be told of it. */
export class ClientGone extends Error {
  override readonly name = 'ClientGone'
}
