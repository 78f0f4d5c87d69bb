import type { ConnectedOidcProvider, OidcMapping, OidcProvider } from '@entrepot/identity'
import { type AuditAction, RegistryError } from '@entrepot/kernel'
import { Controller, Delete, Get, HttpCode, Inject, Param, Post, Put, Res } from '@nestjs/common'
import type { Response } from 'express'
import { type AdminApiPorts, adminApiPorts } from '../admin-api-ports.js'
import { type Caller, CurrentCaller } from '../caller.js'
import { noSuch } from '../http/no-such.js'
import { parseDto, unknownFieldsIn } from '../http/parse-dto.js'
import { requireUnchanged } from '../http/require-unchanged.js'
import { JsonBody, type JsonObject } from '../json-body.js'
import { Documented } from '../openapi/route-description.js'
import { RequiresAdministrator } from '../permission.js'
import { recordChange } from '../record-change.js'
import { warnOfIgnored } from '../warn-of-ignored.js'
import { oidcMappingJson, oidcProviderJson } from './oidc-json.js'
import { oidcProvidersDocs } from './oidc.docs.js'
import {
  changedOidcProvider,
  newOidcProvider,
  OidcProviderDto,
  parseOidcMapping,
  refuseReservedName,
} from './oidc.dto.js'

/** The OpenID providers of the Access service, with the identity mappings for exchanged tokens. */
@RequiresAdministrator()
@Controller('access/api/v1/oidc')
export class OidcProvidersController {
  constructor(@Inject(adminApiPorts) private readonly ports: AdminApiPorts) {}

  @Documented(oidcProvidersDocs.list)
  @Get()
  list(): readonly object[] {
    return this.ports.openId.providers.all().map(({ provider }) => oidcProviderJson(provider))
  }

  @Documented(oidcProvidersDocs.get)
  @Get(':name')
  get(@Param('name') name: string): object {
    return oidcProviderJson(this.existing(name).provider)
  }

  @Documented(oidcProvidersDocs.create)
  @Post()
  @HttpCode(201)
  async create(
    @CurrentCaller() caller: Caller,
    @JsonBody() body: JsonObject,
    @Res({ passthrough: true }) response: Response,
  ): Promise<object> {
    const provider = newOidcProvider(parseDto(OidcProviderDto, body))
    refuseReservedName(provider.name)
    await this.ports.openId.providers.create(provider)
    this.recordProvider(caller, 'directory.create', undefined, provider)
    warnOfIgnored(response, unknownFieldsIn(OidcProviderDto, body))
    return oidcProviderJson(provider)
  }

  /** What is absent stays. */
  @Documented(oidcProvidersDocs.update)
  @Put(':name')
  async update(
    @Param('name') name: string,
    @CurrentCaller() caller: Caller,
    @JsonBody() body: JsonObject,
    @Res({ passthrough: true }) response: Response,
  ): Promise<object> {
    const dto = parseDto(OidcProviderDto, body)
    const { provider: before } = this.existing(name)
    requireUnchanged('name', dto.name, name)
    await this.ports.openId.providers.update(name, (current) => changedOidcProvider(current, dto))
    const { provider: after } = this.existing(name)
    this.recordProvider(caller, 'directory.update', before, after)
    warnOfIgnored(response, unknownFieldsIn(OidcProviderDto, body))
    return oidcProviderJson(after)
  }

  @Documented(oidcProvidersDocs.delete)
  @Delete(':name')
  @HttpCode(204)
  async delete(@Param('name') name: string, @CurrentCaller() caller: Caller): Promise<void> {
    const { provider } = this.existing(name)
    if (!(await this.ports.openId.providers.delete(name))) throw noSuch('OpenID provider', name)
    this.recordProvider(caller, 'directory.delete', provider, undefined)
  }

  @Documented(oidcProvidersDocs.listMappings)
  @Get(':name/identity_mappings')
  listMappings(@Param('name') name: string): readonly object[] {
    return this.existing(name).mappings.map(oidcMappingJson)
  }

  @Documented(oidcProvidersDocs.getMapping)
  @Get(':name/identity_mappings/:mapping')
  getMapping(@Param('name') name: string, @Param('mapping') mapping: string): object {
    return oidcMappingJson(this.existingMapping(name, mapping))
  }

  @Documented(oidcProvidersDocs.createMapping)
  @Post(':name/identity_mappings')
  @HttpCode(201)
  async createMapping(
    @Param('name') name: string,
    @CurrentCaller() caller: Caller,
    @JsonBody() body: JsonObject,
    @Res({ passthrough: true }) response: Response,
  ): Promise<object> {
    const { mapping, ignored } = parseOidcMapping(body)
    if (this.existing(name).mappings.some((known) => known.name === mapping.name)) {
      throw new RegistryError(
        'CONFLICT',
        `there is an identity mapping ${JSON.stringify(mapping.name)} already`,
      )
    }
    await this.ports.openId.providers.putMapping(name, mapping)
    this.recordMapping(caller, name, undefined, mapping)
    warnOfIgnored(response, ignored)
    return oidcMappingJson(mapping)
  }

  @Documented(oidcProvidersDocs.replaceMapping)
  @Put(':name/identity_mappings/:mapping')
  async replaceMapping(
    @Param('name') name: string,
    @Param('mapping') mappingName: string,
    @CurrentCaller() caller: Caller,
    @JsonBody() body: JsonObject,
    @Res({ passthrough: true }) response: Response,
  ): Promise<object> {
    const before = this.existingMapping(name, mappingName)
    const { mapping, ignored } = parseOidcMapping(body, mappingName)
    await this.ports.openId.providers.putMapping(name, mapping)
    this.recordMapping(caller, name, before, mapping)
    warnOfIgnored(response, ignored)
    return oidcMappingJson(mapping)
  }

  @Documented(oidcProvidersDocs.deleteMapping)
  @Delete(':name/identity_mappings/:mapping')
  @HttpCode(204)
  async deleteMapping(
    @Param('name') name: string,
    @Param('mapping') mappingName: string,
    @CurrentCaller() caller: Caller,
  ): Promise<void> {
    const before = this.existingMapping(name, mappingName)
    await this.ports.openId.providers.deleteMapping(name, mappingName)
    this.recordMapping(caller, name, before, undefined)
  }

  private existing(name: string): ConnectedOidcProvider {
    const provider = this.ports.openId.providers.find(name)
    if (provider === undefined) throw noSuch('OpenID provider', name)
    return provider
  }

  private existingMapping(name: string, mappingName: string): OidcMapping {
    const mapping = this.existing(name).mappings.find((known) => known.name === mappingName)
    if (mapping === undefined) throw noSuch('identity mapping', mappingName)
    return mapping
  }

  private recordProvider(
    caller: Caller,
    action: AuditAction,
    before: OidcProvider | undefined,
    after: OidcProvider | undefined,
  ): void {
    const isNewSecret = before?.client?.secret !== after?.client?.secret
    recordChange(this.ports.audit, caller, {
      action,
      subject: { kind: 'directory', name: `oidc/${(after ?? before)?.name ?? ''}` },
      before: before && oidcProviderJson(before),
      after: after && { ...oidcProviderJson(after), ...(isNewSecret ? { client_secret: 'changed' } : {}) },
    })
  }

  private recordMapping(
    caller: Caller,
    provider: string,
    before: OidcMapping | undefined,
    after: OidcMapping | undefined,
  ): void {
    recordChange(this.ports.audit, caller, {
      action: 'directory.update',
      subject: { kind: 'directory', name: `oidc/${provider}/${(after ?? before)?.name ?? ''}` },
      before: before && oidcMappingJson(before),
      after: after && oidcMappingJson(after),
    })
  }
}
