import { Registry } from 'prom-client'
import { beforeEach, describe, expect, it } from 'vitest'
import { DirectoryMetrics } from './directory-metrics.js'

const corp = { key: 'corp', servers: ['one.example:389', 'two.example:636'] }

describe('metrics of directories', () => {
  let registry: Registry
  let metrics: DirectoryMetrics
  beforeEach(() => {
    registry = new Registry()
    metrics = new DirectoryMetrics(registry)
  })
  const series = async () =>
    (await registry.metrics()).split('\n').filter((line) => line.startsWith('entrepot_directory_'))

  it('begin with no question, and with no word on servers that were never tried', async () => {
    metrics.onDirectories([corp])
    expect(await series()).toEqual([
      'entrepot_directory_questions_total{directory="corp",outcome="answered"} 0',
      'entrepot_directory_questions_total{directory="corp",outcome="failed"} 0',
    ])
  })

  it('count questions, and show what was seen of each server last', async () => {
    metrics.onDirectories([corp])
    metrics.onServer('corp', 'one.example:389', true)
    metrics.onServer('corp', 'one.example:389', false)
    metrics.onServer('corp', 'two.example:636', true)
    metrics.onQuestion('corp', 'answered')
    metrics.onQuestion('corp', 'failed')
    metrics.onQuestion('corp', 'failed')
    expect(await series()).toEqual([
      'entrepot_directory_questions_total{directory="corp",outcome="answered"} 1',
      'entrepot_directory_questions_total{directory="corp",outcome="failed"} 2',
      'entrepot_directory_up{directory="corp",server="one.example:389"} 0',
      'entrepot_directory_up{directory="corp",server="two.example:636"} 1',
    ])
  })

  it('lose what is no longer configured, and only that', async () => {
    metrics.onDirectories([corp, { key: 'old', servers: ['one.example:389'] }])
    for (const key of ['corp', 'old']) metrics.onServer(key, 'one.example:389', false)
    metrics.onServer('corp', 'two.example:636', true)
    metrics.onQuestion('corp', 'answered')
    metrics.onDirectories([{ key: 'corp', servers: ['two.example:636'] }])
    expect(await series()).toEqual([
      'entrepot_directory_questions_total{directory="corp",outcome="answered"} 1',
      'entrepot_directory_questions_total{directory="corp",outcome="failed"} 0',
      'entrepot_directory_up{directory="corp",server="two.example:636"} 1',
    ])
    metrics.onDirectories([])
    expect(await series()).toEqual([])
  })

  it('take no late word of a question that outlived its directory', async () => {
    metrics.onDirectories([corp])
    metrics.onDirectories([])
    metrics.onServer('corp', 'one.example:389', false)
    metrics.onQuestion('corp', 'failed')
    expect(await series()).toEqual([])
  })
})
