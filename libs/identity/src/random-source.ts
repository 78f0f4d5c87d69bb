import { randomBytes } from 'node:crypto'

/** Where secrets come from; handed in through constructors so that tests own it. */
export type RandomSource = (size: number) => Buffer

export const systemRandom: RandomSource = (size) => randomBytes(size)
