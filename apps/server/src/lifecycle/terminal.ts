import type { Writable } from 'node:stream'
import type { ListenAddress } from '../settings/listen-address.js'

export interface Welcome {
  /** Where it listens. */
  readonly address: ListenAddress
  readonly publicUrl: string | undefined
  /** To be shown this once; undefined when it was set or shown before. */
  readonly generatedPassword: string | undefined
  /** The repository that the examples push to and pull from; undefined when there is none. */
  readonly repository: string | undefined
}

/** What a person who starts the server is told, beside the log: on standard error, and short. */
export class Terminal {
  constructor(private readonly stream: Writable & { readonly isTTY?: boolean | undefined }) {}

  get isWatched(): boolean {
    return this.stream.isTTY === true
  }

  say(text: string): void {
    this.stream.write(`entrepot: ${text}\n`)
  }

  /** Of the administrator that a start has made before it failed. */
  password(generatedPassword: string): void {
    this.say(passwordText(generatedPassword))
  }

  welcome({ address, publicUrl, generatedPassword, repository }: Welcome): void {
    const url = publicUrl ?? `http://${localAddress(address)}`
    const host = new URL(url).host
    const lines = [
      `Entrepot is ready at ${url}`,
      '',
      `  docker login ${host} -u admin`,
      ...(repository === undefined
        ? []
        : [
            `  docker push ${host}/${repository}/team/app:1`,
            `  docker pull ${host}/${repository}/library/alpine`,
          ]),
      ...(generatedPassword === undefined ? [] : ['', `  ${passwordText(generatedPassword)}`]),
    ]
    this.stream.write(`\n${lines.join('\n')}\n\n`)
  }
}

function passwordText(password: string): string {
  return `The password of admin, shown this once: ${password}`
}

/** Docker takes plain HTTP from localhost and 127.0.0.0/8 without being told to. */
function localAddress({ host, port }: ListenAddress): string {
  if (['0.0.0.0', '::', '127.0.0.1', '::1'].includes(host)) return `localhost:${port}`
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}
