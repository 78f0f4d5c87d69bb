import { importHtpasswd } from '@entrepot/identity'
import { RegistryError } from '@entrepot/kernel'
import { Controller, HttpCode, Inject, Post, Query } from '@nestjs/common'
import { type AdminApiPorts, adminApiPorts } from '../admin-api-ports.js'
import { type Caller, CurrentCaller } from '../caller.js'
import { type Query as QueryParameters, queryText } from '../http/cursor-page.js'
import { TextBody } from '../json-body.js'
import { Documented } from '../openapi/route-description.js'
import { RequiresAdministrator } from '../permission.js'
import { recordChange } from '../record-change.js'
import { parseUserName } from './user-name.js'
import { importUsersDocs } from './users.docs.js'

/** Users from a file of another registry. */
@RequiresAdministrator()
@Controller('artifactory/api/security/users/import')
export class ImportUsersController {
  constructor(@Inject(adminApiPorts) private readonly ports: AdminApiPorts) {}

  /** `?replace=true` gives users who are here the password of the file; each refused line says why. */
  @Documented(importUsersDocs.htpasswd)
  @Post('htpasswd')
  @HttpCode(200)
  async htpasswd(
    @CurrentCaller() caller: Caller,
    @TextBody() text: string,
    @Query() query: Record<string, unknown>,
  ): Promise<object> {
    const { users, principals, refreshTokens } = this.ports.accounts
    const outcome = await importHtpasswd(text, users, {
      replace: isReplacing(query),
      parseName: parseUserName,
    })
    for (const name of outcome.replaced) {
      principals.forget(name)
      await refreshTokens.revokeAllOf(name)
    }
    const changes = [
      ...outcome.created.map((name) => ['user.create', name] as const),
      ...outcome.replaced.map((name) => ['user.update', name] as const),
    ]
    for (const [action, name] of changes) {
      const after = { username: name, password: action === 'user.create' ? 'imported' : 'changed' }
      recordChange(this.ports.audit, caller, { action, subject: { kind: 'user', name }, after })
    }
    return outcome
  }
}

function isReplacing(query: QueryParameters): boolean {
  const text = queryText(query, 'replace') ?? 'false'
  if (text === 'true' || text === 'false') return text === 'true'
  throw new RegistryError(
    'REQUEST_INVALID',
    `replace is ${JSON.stringify(text.slice(0, 100))}, expected true or false`,
  )
}
