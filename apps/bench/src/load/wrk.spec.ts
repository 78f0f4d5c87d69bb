import { describe, expect, it } from 'vitest'
import { parseWrk } from './wrk.js'

const output = `Running 1s test @ http://127.0.0.1:5000/v2/bench/app/manifests/latest
  1 threads and 16 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     1.33ms    1.02ms  14.30ms   88.44%
    Req/Sec    12.98k     1.51k   15.31k    70.00%
  51658 requests in 4.01s, 88.68MB read
Requests/sec:  12882.29
Transfer/sec:     22.11MB
`

describe('parseWrk', () => {
  it('reads how many requests were answered, and in which time', () => {
    expect(parseWrk(output)).toEqual({ work: 51_658, seconds: 4.01 })
    expect(parseWrk(output.replace('4.01s', '998.50ms')).seconds).toBeCloseTo(0.9985)
    expect(parseWrk(output.replace('4.01s', '2.00m')).seconds).toBe(120)
  })

  it('does not count a run in which a request failed', () => {
    const failed = output.replace('Requests/sec', '  Non-2xx or 3xx responses: 12\nRequests/sec')
    expect(() => parseWrk(failed)).toThrow('Non-2xx or 3xx responses: 12')
    const broken = output.replace(
      'Requests/sec',
      '  Socket errors: connect 0, read 3, write 0, timeout 0\nRequests/sec',
    )
    expect(() => parseWrk(broken)).toThrow('Socket errors')
  })

  it('refuses what is not a report of wrk', () => {
    expect(() => parseWrk('unable to connect')).toThrow('says nothing about requests')
  })
})
