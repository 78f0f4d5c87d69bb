import {
  type DirectorySettings,
  type DirectoryTest,
  changedDirectorySettings,
  newDirectorySettings,
  testDirectory,
} from '@entrepot/identity'
import { RegistryError } from '@entrepot/kernel'
import { Controller, Delete, Get, HttpCode, Inject, Param, Post, Put, Res } from '@nestjs/common'
import type { Response } from 'express'
import { type AdminApiPorts, adminApiPorts } from '../admin-api-ports.js'
import { type Caller, CurrentCaller } from '../caller.js'
import { noSuch } from '../http/no-such.js'
import { parseDto } from '../http/parse-dto.js'
import { requireUnchanged } from '../http/require-unchanged.js'
import { JsonBody, type JsonObject, JsonTexts } from '../json-body.js'
import { Documented } from '../openapi/route-description.js'
import { RequiresAdministrator } from '../permission.js'
import { recordChange } from '../record-change.js'
import { warnOfIgnored } from '../warn-of-ignored.js'
import { directoriesDocs } from './directories.docs.js'
import { directoryJson } from './directory-json.js'
import { parseDirectory, type ParsedDirectory, TestUserDto } from './directory.dto.js'

/** The LDAP settings of the Access service, in the order in which they are asked. */
@RequiresAdministrator()
@Controller('access/api/v1/ldap/settings')
export class DirectoriesController {
  constructor(@Inject(adminApiPorts) private readonly ports: AdminApiPorts) {}

  @Documented(directoriesDocs.list)
  @Get()
  list(): readonly object[] {
    return this.settings.map(directoryJson)
  }

  @Documented(directoriesDocs.get)
  @Get(':key')
  async get(@Param('key') key: string): Promise<object> {
    return directoryJson(await this.existing(key))
  }

  @Documented(directoriesDocs.create)
  @Post()
  @HttpCode(201)
  async create(
    @CurrentCaller() caller: Caller,
    @JsonBody() body: JsonObject,
    @Res({ passthrough: true }) response: Response,
  ): Promise<object> {
    const parsed = parseDirectory(body)
    const settings = newSettings(parsed)
    await this.ports.directories.configured.create(settings)
    this.record(caller, 'directory.create', undefined, settings)
    warnOfIgnored(response, parsed.ignored)
    return directoryJson(settings)
  }

  /** As the Terraform provider changes a setting: the body says which. */
  @Documented(directoriesDocs.updateNamed)
  @Put()
  updateNamed(
    @CurrentCaller() caller: Caller,
    @JsonBody() body: JsonObject,
    @Res({ passthrough: true }) response: Response,
  ): Promise<object> {
    const { key } = parseDirectory(body)
    if (key === undefined) throw keyMissing()
    return this.update(key, caller, body, response)
  }

  /** What is absent stays; the manager's password only as long as manager and servers do. */
  @Documented(directoriesDocs.update)
  @Put(':key')
  async update(
    @Param('key') key: string,
    @CurrentCaller() caller: Caller,
    @JsonBody() body: JsonObject,
    @Res({ passthrough: true }) response: Response,
  ): Promise<object> {
    const parsed = parseDirectory(body)
    const before = await this.existing(key)
    requireUnchanged('key', parsed.key, key)
    await this.ports.directories.configured.update(key, parsed.fields)
    const after = await this.existing(key)
    this.record(caller, 'directory.update', before, after)
    warnOfIgnored(response, parsed.ignored)
    return directoryJson(after)
  }

  @Documented(directoriesDocs.delete)
  @Delete(':key')
  @HttpCode(204)
  async delete(@Param('key') key: string, @CurrentCaller() caller: Caller): Promise<void> {
    const before = await this.existing(key)
    if (!(await this.ports.directories.configured.delete(key))) throw noSuch('LDAP setting', key)
    this.record(caller, 'directory.delete', before, undefined)
  }

  /** Tries settings out before they are saved: with `user`, and `password`, down to the login. */
  @Documented(directoriesDocs.test)
  @Post('test')
  @HttpCode(200)
  test(@JsonBody() body: JsonObject, @Res({ passthrough: true }) response: Response): Promise<DirectoryTest> {
    const { user, password, ...settings } = body
    const parsed = parseDirectory(settings)
    warnOfIgnored(response, parsed.ignored)
    return this.run(newSettings(parsed), { user, password })
  }

  /** All keys, in the order in which the directories are to be asked. */
  @Documented(directoriesDocs.reorder)
  @Post('order')
  @HttpCode(200)
  async reorder(@CurrentCaller() caller: Caller, @JsonTexts() keys: readonly string[]): Promise<object> {
    const before = { order: this.settings.map(({ key }) => key) }
    await this.ports.directories.configured.reorder(keys)
    const subject = { kind: 'settings', name: 'directory-order' }
    const after = { order: keys }
    recordChange(this.ports.audit, caller, { action: 'settings.update', subject, before, after })
    return after
  }

  /** Tries saved settings out, with what the body changes of them. */
  @Documented(directoriesDocs.testSaved)
  @Post(':key/test')
  @HttpCode(200)
  async testSaved(
    @Param('key') key: string,
    @JsonBody() body: JsonObject,
    @Res({ passthrough: true }) response: Response,
  ): Promise<DirectoryTest> {
    const { user, password, ...changes } = body
    const parsed = parseDirectory(changes)
    warnOfIgnored(response, parsed.ignored)
    return this.run(changedDirectorySettings(await this.existing(key), parsed.fields), { user, password })
  }

  private run(settings: DirectorySettings, user: JsonObject): Promise<DirectoryTest> {
    const { user: username, password } = parseDto(TestUserDto, user)
    const groups = this.ports.directories.configured
      .groupSettings()
      .filter(({ enabledLdap }) => enabledLdap === settings.key)
    return testDirectory(settings, groups, { username, password })
  }

  private get settings(): readonly DirectorySettings[] {
    return this.ports.directories.configured.settings()
  }

  /** Also one that another replica made a moment ago. */
  private async existing(key: string): Promise<DirectorySettings> {
    const find = () => this.settings.find((one) => one.key === key)
    if (find() === undefined) await this.ports.directories.configured.refresh()
    const found = find()
    if (found === undefined) throw noSuch('LDAP setting', key)
    return found
  }

  private record(
    caller: Caller,
    action: 'directory.create' | 'directory.update' | 'directory.delete',
    before: DirectorySettings | undefined,
    after: DirectorySettings | undefined,
  ): void {
    const passwords = [before, after].map((settings) => settings?.search.managerPassword)
    recordChange(this.ports.audit, caller, {
      action,
      subject: { kind: 'directory', name: (after ?? before)?.key ?? '' },
      before: before && directoryJson(before),
      after: after && {
        ...directoryJson(after),
        ...(passwords[0] === passwords[1] ? {} : { manager_password: 'changed' }),
      },
    })
  }
}

/** @throws RegistryError REQUEST_INVALID */
function newSettings({ key, fields }: ParsedDirectory): DirectorySettings {
  if (key === undefined) throw keyMissing()
  if (fields.urls === undefined) {
    throw new RegistryError(
      'REQUEST_INVALID',
      'ldap_url is missing, expected ldap://host:port/dc=example,dc=com',
    )
  }
  return newDirectorySettings({ ...fields, key, urls: fields.urls })
}

function keyMissing(): RegistryError {
  return new RegistryError('REQUEST_INVALID', 'key is missing, expected a name for it')
}
