import { spawnSync } from 'node:child_process'

const endWithParent = ['setpriv', '--pdeathsig', 'INT', '--']
const asOrdinaryUser = ['unshare', '--user', '--map-user=1000', '--map-group=1000', '--']

/**
 * What stands before PostgreSQL's command line. `setpriv`, where there is one, has the kernel stop PostgreSQL when this
 * process dies, `kill -9` included. PostgreSQL refuses to run as root, so root runs it in a user namespace in which it
 * believes to be user 1000; the files stay root's.
 * @throws as root where user namespaces are not to be had
 */
export function launchPrefix(): readonly string[] {
  const guard = works(endWithParent) ? endWithParent : []
  if (process.getuid?.() !== 0) return guard
  if (!works(asOrdinaryUser)) {
    throw new Error(
      'PostgreSQL does not run as root, and this system gives no user namespace (unshare --user) to run it in: start Entrepot as an ordinary user, or set ENTREPOT_DATABASE_URL',
    )
  }
  return [...guard, ...asOrdinaryUser]
}

function works(prefix: readonly string[]): boolean {
  const [program = '', ...rest] = prefix
  return spawnSync(program, [...rest, 'true'], { stdio: 'ignore' }).status === 0
}
