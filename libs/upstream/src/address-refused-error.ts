/** The address guard's refusal to connect. */
export class AddressRefusedError extends Error {
  override readonly name = 'AddressRefusedError'

  constructor(hostname: string, address: string) {
    super(`${hostname} is at ${address}, which is not a public address`)
  }
}
