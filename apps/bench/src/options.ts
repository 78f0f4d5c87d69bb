import { parseArgs } from 'node:util'

export interface Options {
  /** A small run, to see that everything works: its figures say little. */
  readonly quick: boolean
  /** Names of scenarios, or the beginnings of names; none for all. */
  readonly only: readonly string[]
  readonly rounds: number
  /** Keys of contenders; none for all that can be had. */
  readonly contenders: readonly string[]
  /** How long each measurement waits for other programs to leave the CPUs alone. */
  readonly patienceSeconds: number
  readonly help: boolean
}

export const usage = `npm run bench -- [options]

  --quick              small blobs and few rounds: shows that it works, its figures say little
  --only <scenario>    only scenarios whose name starts so; may be repeated
  --rounds <n>         how often each scenario is measured (default 5, with --quick 2)
  --contender <name>   only this one: entrepot, distribution-3.1 or distribution-2.8; may be repeated
  --patience <seconds> how long each measurement waits for a quiet machine (default 5, with --quick 0)
  --help
`

/** @throws Error that says what is wrong with the arguments */
export function parseOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true, default: [] },
      rounds: { type: 'string' },
      patience: { type: 'string' },
      contender: { type: 'string', multiple: true, default: [] },
      help: { type: 'boolean', default: false },
    },
  })
  return {
    quick: values.quick,
    only: values.only,
    rounds: wholeNumber('rounds', values.rounds, 1, 100) ?? (values.quick ? 2 : 5),
    patienceSeconds: wholeNumber('patience', values.patience, 0, 3600) ?? (values.quick ? 0 : 5),
    contenders: values.contender,
    help: values.help,
  }
}

function wholeNumber(
  name: string,
  text: string | undefined,
  lowest: number,
  highest: number,
): number | undefined {
  if (text === undefined) return undefined
  const value = Number(text)
  if (/^\d+$/.test(text) && value >= lowest && value <= highest) return value
  throw new Error(
    `--${name} is ${JSON.stringify(text)}: a whole number from ${lowest} to ${highest} is expected`,
  )
}
