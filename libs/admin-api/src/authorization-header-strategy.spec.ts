import { EventEmitter } from 'node:events'
import type { RequestAuthenticator, WaitingClient } from '@entrepot/identity'
import { userPrincipal } from '@entrepot/kernel/testing'
import type { Request } from 'express'
import { describe, expect, it } from 'vitest'
import { AuthorizationHeaderStrategy } from './authorization-header-strategy.js'

function setup(response: { readonly closed: boolean }) {
  const clients: (WaitingClient | undefined)[] = []
  const authenticator: RequestAuthenticator = {
    authenticate: async (_authorization, _origin, client) => {
      clients.push(client)
      return { kind: 'basic', principal: userPrincipal('ann') }
    },
  }
  const strategy = new AuthorizationHeaderStrategy(authenticator, () => '192.0.2.7')
  const res = Object.assign(new EventEmitter(), response, { getHeader: () => 'request-1' })
  const request = { headers: { authorization: 'Basic YQ==' }, res } as unknown as Request
  return { clients, res, validate: () => strategy.validate(request) }
}

describe('AuthorizationHeaderStrategy', () => {
  it('tells who checks the header when the client leaves', async () => {
    const { clients, res, validate } = setup({ closed: false })
    expect(await validate()).toMatchObject({ principal: { name: 'ann' } })
    const signal = clients[0]?.signal
    expect(signal?.aborted).toBe(false)
    res.emit('close')
    expect(signal?.aborted).toBe(true)
  })

  it('tells who checks the header that the client has left before', async () => {
    const { clients, validate } = setup({ closed: true })
    await validate()
    expect(clients[0]?.signal.aborted).toBe(true)
  })

  it('listens for nothing while nobody has to wait', async () => {
    const { res, validate } = setup({ closed: false })
    await validate()
    expect(res.listenerCount('close')).toBe(0)
  })
})
