import { describe, expect, it } from 'vitest'
import { readJunit } from './run-conformance.js'

describe('reading a JUnit report', () => {
  it('counts cases and names the failed and the skipped', () => {
    const report = `<?xml version="1.0"?><testsuites tests="5"><testsuite name="a" tests="5">
      <testcase name="passes" time="0.1"/>
      <testcase name="passes and talks"><system-out>no &lt;failure&gt; here</system-out></testcase>
      <testcase name="fails" time="0.1"><failure message="expected 201">got 200</failure></testcase>
      <testcase name="breaks"><error>panic</error></testcase>
      <testcase classname="c" name="left out"><skipped message="disabled"/></testcase>
    </testsuite></testsuites>`
    expect(readJunit(report)).toEqual({ cases: 5, failures: ['fails', 'breaks'], skipped: ['left out'] })
  })

  it('finds no case in a report that was never written', () => {
    expect(readJunit('')).toEqual({ cases: 0, failures: [], skipped: [] })
  })
})
