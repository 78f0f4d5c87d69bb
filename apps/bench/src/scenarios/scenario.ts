import type { Bench, Measured } from '../bench.js'
import type { Contender } from '../contenders/contender.js'

/** Given to the load before the measurements: what every contender holds. */
export interface Stocked {
  readonly manifestDigest: string
}

export interface Scenario {
  readonly name: string
  readonly title: string
  /** What `rate` and `cost` are in. */
  readonly unit: 'MB/s' | 'requests/s'
  /** How many times the rate of each other contender Entrepot is to reach. */
  readonly targets: Readonly<Partial<Record<Contender['key'], number>>>
  /** Whether a first run, which is not counted, warms up everything that it uses. */
  readonly warmUp: boolean
  measure(bench: Bench, contender: Contender, stocked: Stocked): Promise<Measured>
}
