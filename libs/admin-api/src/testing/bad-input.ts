/** How often each route is asked: with whatever there is, and with what is nearly right. Together more than 10,000 times. */
export const badInputRuns = { arbitrary: 25, nearlyRight: 50 }

/** A frame of a stack, and words that only a database or a statement has. */
export const insideWords =
  /\n\s+at [^\n]+:\d+:\d+|node_modules|\.[jt]s:\d+:\d+|syntax error at or near|violates|relation "|invalid input syntax/i
