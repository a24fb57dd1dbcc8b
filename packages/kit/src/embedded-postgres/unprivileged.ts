import { spawnSync } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { platform, userInfo } from 'node:os';

/** How to run a program that refuses to run as root. */
export interface Launcher {
  /** Program and arguments to put before the real ones. */
  prefix: readonly string[];
  /** Whose the data folder must be; null: ours. */
  owner: { uid: number; gid: number } | null;
}

const USER_NAMESPACE = ['unshare', '--user', '--map-user=1000', '--map-group=1000', '--'];
/** `nobody` and its group, which every Linux has. */
const NOBODY = { uid: 65_534, gid: 65_534 };
const AS_NOBODY = ['setpriv', `--reuid=${NOBODY.uid}`, `--regid=${NOBODY.gid}`, '--clear-groups', '--'];
// The kernel ends Postgres when we are killed, so that a kill -9 leaves nothing behind.
const DIES_WITH_PARENT = ['setpriv', '--pdeathsig', 'INT', '--'];

/**
 * Postgres refuses to run as root. A user namespace shows it another user while the files stay ours: no account, no
 * chown, and it works below folders of mode 0700, which any other user could not enter. Where the machine refuses
 * namespaces, as many containers do, it runs as `nobody`; a folder made that way stays that way.
 */
export async function chooseLauncher(dataDir: string, program: string, userNamespaces: boolean): Promise<Launcher> {
  const withParentDeath = ({ prefix, owner }: Launcher): Launcher => ({
    prefix: platform() === 'linux' && works([...prefix, ...DIES_WITH_PARENT, 'true']) ? [...prefix, ...DIES_WITH_PARENT] : prefix,
    owner,
  });
  if (userInfo().uid !== 0) return withParentDeath({ prefix: [], owner: null });
  const ownerUid = await stat(dataDir).then(
    ({ uid }) => uid,
    () => null,
  );
  if (userNamespaces && ownerUid !== NOBODY.uid && works([...USER_NAMESPACE, 'true']))
    return withParentDeath({ prefix: USER_NAMESPACE, owner: null });
  if (works([...AS_NOBODY, program, '--version'])) return withParentDeath({ prefix: AS_NOBODY, owner: NOBODY });
  throw new Error(
    'Postgres does not run as root, and this machine refuses user namespaces: start as another user, or move the program to a folder that everybody may read.',
  );
}

const works = (command: readonly string[]) => spawnSync(command[0]!, command.slice(1), { stdio: 'ignore', cwd: '/' }).status === 0;
