import { spawnSync } from 'node:child_process';
import { platform, userInfo } from 'node:os';

/** How to run a program that refuses to run as root. */
export interface Launcher {
  /** Program and arguments to put before the real ones. */
  prefix: readonly string[];
}

const USER_NAMESPACE = ['unshare', '--user', '--map-user=1000', '--map-group=1000', '--'];
// The kernel ends Postgres when we are killed, so that a kill -9 leaves nothing behind.
const DIES_WITH_PARENT = ['setpriv', '--pdeathsig', 'INT', '--'];

const works = (command: readonly string[]) => spawnSync(command[0]!, [...command.slice(1), 'true'], { stdio: 'ignore' }).status === 0;

/**
 * Postgres refuses to run as root. A user namespace shows it another user while the files stay ours: no account, no
 * chown, and it works below folders of mode 0700, which any other user could not enter.
 */
export function chooseLauncher(): Launcher {
  const namespace = userInfo().uid === 0 ? USER_NAMESPACE : [];
  if (namespace.length > 0 && !works(namespace)) {
    throw new Error(
      'Postgres does not run as root, and this machine refuses user namespaces: start as another user, or set DATABASE_URL to a PostgreSQL server.',
    );
  }
  const parentDeath = platform() === 'linux' && works([...namespace, ...DIES_WITH_PARENT]) ? DIES_WITH_PARENT : [];
  return { prefix: [...namespace, ...parentDeath] };
}
