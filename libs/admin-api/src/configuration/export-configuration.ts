import { createHash } from 'node:crypto'
import { internalRealm } from '@entrepot/identity'
import { byCodePoint } from '@entrepot/kernel'
import { Document, isMap, type Pair, Scalar, visit } from 'yaml'
import type { JsonObject } from '../json-body.js'
import type { ConfigurationState } from './configuration-stores.js'
import { isSecretReference } from './secret-source.js'
import { directoryFields, directoryGroupFields } from './sections/plan-directories.js'
import { groupFields } from './sections/plan-groups.js'
import { oidcMappingFields, oidcProviderFields } from './sections/plan-oidc-providers.js'
import { permissionTargetFields } from './sections/plan-permission-targets.js'
import { repositoryFields } from './sections/plan-repositories.js'
import { anonymousAccessFields, lockPolicyFields, passwordPolicyFields } from './sections/plan-settings.js'
import { userFields } from './sections/plan-users.js'

const heading = ` All that is administered in this Entrepot. See docs/configuration.md.
 No secret is in here: where there is one, a variable is named. Apply keeps a stored secret whose variable is not set.`

/** Everything, in an order that is always the same; a secret is a reference to a variable of its own. */
export function exportedConfiguration(state: ConfigurationState): JsonObject {
  return {
    repositories: byName(state.repositories, ({ config }) => [
      config.key,
      {
        ...repositoryFields(config),
        ...(config.rclass === 'remote' ? secretsOf(config) : {}),
      },
    ]),
    groups: byName(state.groups, (group) => [group.name, groupFields(group)]),
    users: byName(
      state.users.filter(({ realm }) => realm === internalRealm),
      (account) => [
        account.name,
        {
          ...userFields(account),
          ...placeholder('password', account.passwordHash, ['user', account.name, 'password']),
        },
      ],
    ),
    permissionTargets: byName(state.permissionTargets, ({ target }) => [
      target.name,
      permissionTargetFields(target),
    ]),
    directories: {
      settings: state.directories.map(({ name, config }) => {
        const fields = directoryFields(config)
        const secret = config.search.managerPassword
        const search = {
          ...(fields['search'] as object),
          ...placeholder('manager_password', secret, ['directory', name, 'manager_password']),
        }
        return { ...fields, search }
      }),
      groups: state.directoryGroups.map(({ config }) => directoryGroupFields(config)),
    },
    oidcProviders: byName(state.oidcProviders, ({ provider, mappings }) => [
      provider.name,
      {
        ...oidcProviderFields(provider),
        ...placeholder('client_secret', provider.client?.secret, ['oidc', provider.name, 'client_secret']),
        identity_mappings: byName(mappings, (mapping) => [mapping.name, oidcMappingFields(mapping)]),
      },
    ]),
    lockPolicy: lockPolicyFields(state.lockPolicy),
    passwordPolicy: passwordPolicyFields(state.passwordPolicy),
    anonymousAccess: anonymousAccessFields(state.anonymousAccess),
  }
}

/** As YAML, with a comment at each secret. */
export function configurationYaml(configuration: JsonObject): string {
  const document = new Document(configuration, { aliasDuplicateObjects: false })
  document.commentBefore = heading
  visit(document, {
    Pair: (_key, { value }: Pair) => {
      if (!isMap(value) || !isSecretReference(value.toJSON())) return undefined
      value.flow = true
      value.comment = ' a secret, not exported: set the variable, or name a file'
      return visit.SKIP
    },
    Scalar: (_key, scalar) => {
      // What other readers of YAML, of version 1.1, take for something else than text.
      if (typeof scalar.value === 'string' && /^(y|n|yes|no|on|off|[\d:_.]+)$/i.test(scalar.value)) {
        scalar.type = Scalar.QUOTE_DOUBLE
      }
    },
  })
  return document.toString({ lineWidth: 0 })
}

function byName<T>(
  things: readonly T[],
  entryOf: (thing: T) => readonly [name: string, fields: JsonObject],
): JsonObject {
  return Object.fromEntries(things.map(entryOf).toSorted(([left], [right]) => byCodePoint(left, right)))
}

function secretsOf({
  key,
  password,
  queryParams,
}: {
  key: string
  password: string
  queryParams: string
}): JsonObject {
  return {
    ...placeholder('password', password, ['repository', key, 'password']),
    ...placeholder('queryParams', queryParams, ['repository', key, 'query_params']),
  }
}

type SecretName = readonly [kind: string, name: string, what: string]

/** @returns no field where there is no secret */
function placeholder(field: string, secret: string | undefined, [kind, name, what]: SecretName): JsonObject {
  if (secret === undefined || secret === '') return {}
  return { [field]: { env: `ENTREPOT_SECRET_${`${kind}_${variablePart(name)}_${what}`.toUpperCase()}` } }
}

/** Two names never become the same part: one that isn't plain has a mark of its own at its end. */
function variablePart(name: string): string {
  if (/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name)) return name.replaceAll('-', '_')
  const mark = createHash('sha256').update(name).digest('hex').slice(0, 8)
  return `${name.replaceAll(/[^A-Za-z0-9]+/g, '_')}_${mark}`
}
