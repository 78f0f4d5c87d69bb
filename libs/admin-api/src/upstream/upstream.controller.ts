import { RegistryError } from '@entrepot/kernel'
import type { RemoteConfig, StoredRepository } from '@entrepot/repositories'
import { Controller, Get, HttpCode, Inject, Param, Post } from '@nestjs/common'
import { type AdminApiPorts, adminApiPorts } from '../admin-api-ports.js'
import { type Caller, CurrentCaller } from '../caller.js'
import { noSuch } from '../http/no-such.js'
import { Documented } from '../openapi/route-description.js'
import { RequiresLogin } from '../permission.js'
import { recordChange } from '../record-change.js'
import { VisibleRepositories } from '../visible-repositories.js'
import { upstreamDocs } from './upstream.docs.js'
import { probeJson, upstreamJson } from './upstream-json.js'

/** How the upstreams of remote repositories do, as the server that answers has met with them: for who may manage them. */
@RequiresLogin()
@Controller('artifactory/api/entrepot/upstream')
export class UpstreamController {
  constructor(
    @Inject(adminApiPorts) private readonly ports: AdminApiPorts,
    @Inject(VisibleRepositories) private readonly visible: VisibleRepositories,
  ) {}

  @Documented(upstreamDocs.list)
  @Get()
  list(@CurrentCaller() caller: Caller): object {
    const upstreams = this.visible
      .to(caller)
      .filter(({ config }) => this.mayManage(caller, config.key))
      .flatMap((stored) => (isRemote(stored) ? [this.stateOf(stored.config, caller)] : []))
    return { instance: this.ports.instance, upstreams }
  }

  @Documented(upstreamDocs.get)
  @Get(':repository')
  get(@Param('repository') key: string, @CurrentCaller() caller: Caller): object {
    const config = this.managed(key, caller)
    return { instance: this.ports.instance, ...this.stateOf(config, caller) }
  }

  @Documented(upstreamDocs.probe)
  @Post(':repository/probe')
  @HttpCode(200)
  async probe(@Param('repository') key: string, @CurrentCaller() caller: Caller): Promise<object> {
    const config = this.managed(key, caller)
    if (config.offline)
      throw invalid(`${key} is offline, so its upstream is never asked: set offline to false first`)
    const probe = await this.upstreamOf(config).probe()
    recordChange(this.ports.audit, caller, {
      action: 'upstream.probe',
      subject: { kind: 'repository', name: config.key },
      after: { reachable: probe.reachable },
    })
    return { instance: this.ports.instance, ...probeJson(config, probe) }
  }

  private stateOf(config: RemoteConfig, caller: Caller): object {
    return upstreamJson(config, this.upstreamOf(config).state(), caller.administrator)
  }

  private upstreamOf({ key }: RemoteConfig) {
    const upstream = this.ports.content.upstreams.upstreamOf(key)
    if (upstream === undefined) throw noSuch('repository', key)
    return upstream
  }

  private managed(key: string, caller: Caller): RemoteConfig {
    const stored = this.visible.find(caller, key)
    if (stored === undefined) throw noSuch('repository', key)
    if (!isRemote(stored))
      throw invalid(`${key} is a ${stored.config.rclass} repository: only a remote one has an upstream`)
    if (!this.mayManage(caller, key)) {
      throw new RegistryError('DENIED', `${caller.principal.name} may not manage ${key}`)
    }
    return stored.config
  }

  private mayManage({ administrator, scoped, principal }: Caller, key: string): boolean {
    return (
      administrator || (!scoped && this.ports.permissions.policy.allowsSomewhere(principal, 'manage', key))
    )
  }
}

function isRemote(stored: StoredRepository): stored is StoredRepository & { readonly config: RemoteConfig } {
  return stored.config.rclass === 'remote'
}

function invalid(message: string): RegistryError {
  return new RegistryError('REQUEST_INVALID', message)
}
