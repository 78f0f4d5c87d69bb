import type { ConfigurationStores } from './configuration-stores.js'
import { PlanContext, type PlanInput } from './plan-context.js'
import { type Plan, stages } from './planned-change.js'
import { Problems } from './problems.js'
import { planDirectories } from './sections/plan-directories.js'
import { planGroups } from './sections/plan-groups.js'
import { planOidcProviders } from './sections/plan-oidc-providers.js'
import { planPermissionTargets } from './sections/plan-permission-targets.js'
import { planRepositories } from './sections/plan-repositories.js'
import { planSettings } from './sections/plan-settings.js'
import { planUsers } from './sections/plan-users.js'

/**
 * What has to be done so that what is stored is as the document says. Fields that a thing in the document leaves out stay,
 * or are as by default where the thing is new; things that it leaves out stay unless it asks to prune them.
 * @param known what is wrong with the document whatever is stored
 * @throws RegistryError REQUEST_INVALID with everything that is wrong
 */
export async function planConfiguration(input: PlanInput, known: Problems): Promise<Plan> {
  const problems = new Problems(known)
  const plan = new PlanContext(input, problems)
  const repositories = await planRepositories(plan)
  const groups = await planGroups(plan)
  const users = await planUsers(plan, groups)
  await planPermissionTargets(plan, { repositories: new Set(repositories.keys()), users, groups })
  await planDirectories(plan)
  await planOidcProviders(plan)
  planSettings(plan)
  problems.throwIfAny()
  return plan
}

/** Within one transaction. */
export async function carryOut(plan: Plan, stores: ConfigurationStores): Promise<void> {
  for (const stage of stages) {
    for (const step of plan.steps) if (step.stage === stage) await step.run(stores)
  }
}
