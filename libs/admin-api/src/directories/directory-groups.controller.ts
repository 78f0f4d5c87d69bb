import {
  type DirectoryGroupSettings,
  type GroupImportMode,
  groupImportModes,
  newDirectoryGroupSettings,
} from '@entrepot/identity'
import { type AuditAction, RegistryError } from '@entrepot/kernel'
import { Controller, Delete, Get, HttpCode, Inject, Param, Post, Put, Query, Res } from '@nestjs/common'
import type { Response } from 'express'
import { type AdminApiPorts, adminApiPorts } from '../admin-api-ports.js'
import { type Caller, CurrentCaller } from '../caller.js'
import { queryText } from '../http/cursor-page.js'
import { noSuch } from '../http/no-such.js'
import { unknownFieldsIn } from '../http/parse-dto.js'
import { requireUnchanged } from '../http/require-unchanged.js'
import { JsonBody, type JsonObject } from '../json-body.js'
import { Documented } from '../openapi/route-description.js'
import { RequiresAdministrator } from '../permission.js'
import { recordChange } from '../record-change.js'
import { warnOfIgnored } from '../warn-of-ignored.js'
import { directoryGroupsDocs } from './directories.docs.js'
import { directoryGroupJson } from './directory-json.js'
import { DirectoryGroupDto, parseDirectoryGroup } from './directory.dto.js'
import { GroupRefresh } from './group-refresh.js'

/** The LDAP group settings of the Access service. */
@RequiresAdministrator()
@Controller('access/api/v1/ldap/groups')
export class DirectoryGroupsController {
  constructor(
    @Inject(adminApiPorts) private readonly ports: AdminApiPorts,
    @Inject(GroupRefresh) private readonly groupRefresh: GroupRefresh,
  ) {}

  @Documented(directoryGroupsDocs.list)
  @Get()
  list(): readonly object[] {
    return this.settings.map(directoryGroupJson)
  }

  @Documented(directoryGroupsDocs.get)
  @Get(':name')
  async get(@Param('name') name: string): Promise<object> {
    return directoryGroupJson(await this.existing(name))
  }

  @Documented(directoryGroupsDocs.create)
  @Post()
  @HttpCode(201)
  async create(
    @CurrentCaller() caller: Caller,
    @JsonBody() body: JsonObject,
    @Res({ passthrough: true }) response: Response,
  ): Promise<object> {
    const { name, ...fields } = parseDirectoryGroup(body)
    if (name === undefined) throw nameMissing()
    const settings = newDirectoryGroupSettings({ ...fields, name })
    await this.ports.directories.configured.createGroupSettings(settings)
    this.record(caller, 'directory.create', undefined, settings)
    warnOfIgnored(response, unknownFieldsIn(DirectoryGroupDto, body))
    return directoryGroupJson(settings)
  }

  /** As the Terraform provider changes a setting: the body says which. */
  @Documented(directoryGroupsDocs.updateNamed)
  @Put()
  updateNamed(
    @CurrentCaller() caller: Caller,
    @JsonBody() body: JsonObject,
    @Res({ passthrough: true }) response: Response,
  ): Promise<object> {
    const { name } = parseDirectoryGroup(body)
    if (name === undefined) throw nameMissing()
    return this.update(name, caller, body, response)
  }

  @Documented(directoryGroupsDocs.update)
  @Put(':name')
  async update(
    @Param('name') name: string,
    @CurrentCaller() caller: Caller,
    @JsonBody() body: JsonObject,
    @Res({ passthrough: true }) response: Response,
  ): Promise<object> {
    const fields = parseDirectoryGroup(body)
    const before = await this.existing(name)
    requireUnchanged('name', fields.name, name)
    await this.ports.directories.configured.updateGroupSettings(name, fields)
    const after = await this.existing(name)
    this.record(caller, 'directory.update', before, after)
    warnOfIgnored(response, unknownFieldsIn(DirectoryGroupDto, body))
    return directoryGroupJson(after)
  }

  @Documented(directoryGroupsDocs.delete)
  @Delete(':name')
  @HttpCode(204)
  async delete(@Param('name') name: string, @CurrentCaller() caller: Caller): Promise<void> {
    const before = await this.existing(name)
    if (!(await this.ports.directories.configured.deleteGroupSettings(name))) {
      throw noSuch('LDAP group setting', name)
    }
    this.record(caller, 'directory.delete', before, undefined)
  }

  /** Makes groups here of the directory's; `?mode=` or a last part of the path says which. */
  @Documented(directoryGroupsDocs.refresh)
  @Post(':name/refresh')
  @HttpCode(200)
  refresh(
    @Param('name') name: string,
    @CurrentCaller() caller: Caller,
    @Query() query: Record<string, unknown>,
  ): Promise<object> {
    return this.refreshBy(name, caller, queryText(query, 'mode') ?? 'UPDATE_AND_IMPORT')
  }

  @Documented(directoryGroupsDocs.refreshBy)
  @Post(':name/refresh/:mode')
  @HttpCode(200)
  async refreshBy(
    @Param('name') name: string,
    @CurrentCaller() caller: Caller,
    @Param('mode') mode: string,
  ): Promise<object> {
    await this.existing(name)
    return this.groupRefresh.run(caller, name, checkedMode(mode))
  }

  private get settings(): readonly DirectoryGroupSettings[] {
    return this.ports.directories.configured.groupSettings()
  }

  /** Also one that another replica made a moment ago. */
  private async existing(name: string): Promise<DirectoryGroupSettings> {
    const find = () => this.settings.find((one) => one.name === name)
    if (find() === undefined) await this.ports.directories.configured.refresh()
    const found = find()
    if (found === undefined) throw noSuch('LDAP group setting', name)
    return found
  }

  private record(
    caller: Caller,
    action: AuditAction,
    before: DirectoryGroupSettings | undefined,
    after: DirectoryGroupSettings | undefined,
  ): void {
    recordChange(this.ports.audit, caller, {
      action,
      subject: { kind: 'directory', name: `groups/${(after ?? before)?.name ?? ''}` },
      before: before && directoryGroupJson(before),
      after: after && directoryGroupJson(after),
    })
  }
}

function nameMissing(): RegistryError {
  return new RegistryError('REQUEST_INVALID', 'name is missing, expected a name for it')
}

function checkedMode(text: string): GroupImportMode {
  const mode = groupImportModes.find((known) => known === text)
  if (mode !== undefined) return mode
  const shown = JSON.stringify(text.slice(0, 100))
  throw new RegistryError(
    'REQUEST_INVALID',
    `mode is ${shown}, expected one of ${groupImportModes.join(', ')}`,
  )
}
