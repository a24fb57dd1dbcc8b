import { readdir, readFile, readlink, realpath, rm, writeFile } from 'node:fs/promises';
import { platform } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const FAST = 'SIGINT';
const IMMEDIATE = 'SIGQUIT';
const STOP_DEADLINE_MS = 20_000;

/**
 * Ends what an earlier run left on this data folder, for example after kill -9 of its parent. Postgres works inside its
 * data folder, which is how its processes are told from a stranger that happens to have the pid in postmaster.pid.
 */
export async function endLeftovers(dataDir: string): Promise<void> {
  const pidFile = join(dataDir, 'postmaster.pid');
  const postmaster = Number.parseInt(await readFile(pidFile, 'utf8').catch(() => ''), 10);
  const deadline = Date.now() + STOP_DEADLINE_MS;
  let asked = false;
  for (;;) {
    const running = await postgresProcessesOn(dataDir, postmaster);
    if (running.length === 0) break;
    if (!asked && running.includes(postmaster)) signal(postmaster, FAST);
    // Without a postmaster its children end by themselves; past the deadline they are told to.
    if (Date.now() > deadline) for (const pid of running) signal(pid, Date.now() > deadline + 5_000 ? 'SIGKILL' : IMMEDIATE);
    asked = true;
    await sleep(50);
  }
  // A pid that now belongs to another program would keep Postgres from starting for ever.
  if (Number.isInteger(postmaster) && isAlive(postmaster)) await rm(pidFile, { force: true });
}

async function postgresProcessesOn(dataDir: string, postmaster: number): Promise<number[]> {
  if (platform() !== 'linux') return Number.isInteger(postmaster) && isAlive(postmaster) ? [postmaster] : [];
  const folder = await realpath(dataDir);
  const pids = (await readdir('/proc')).map(Number).filter(Number.isInteger);
  const ours = await Promise.all(
    pids.map(async (pid) => {
      const [cwd, exe] = await Promise.all([readlink(`/proc/${pid}/cwd`), readlink(`/proc/${pid}/exe`)]).catch(() => ['', '']);
      // After an update of the package the file of a running program reads "… (deleted)".
      return cwd === folder && basename(exe.replace(/ \(deleted\)$/, '')) === 'postgres';
    }),
  );
  return pids.filter((_, index) => ours[index]);
}

/**
 * One owner per data folder. Throws while another process that is still alive holds it, because ending its Postgres
 * would take the floor from under it.
 * @returns The function that gives it up.
 */
export async function takeOwnership(dataDir: string): Promise<() => Promise<void>> {
  const file = `${dataDir}.owner`;
  const owner = await readFile(file, 'utf8').catch(() => '');
  const pid = Number.parseInt(owner, 10);
  if (pid !== process.pid && owner !== '' && owner === (await identity(pid))) {
    throw new Error(`Another process (${pid}) is using the data folder ${dataDir}: stop it, or set DATA_DIR to another folder.`);
  }
  await writeFile(file, await identity(process.pid));
  return () => rm(file, { force: true });
}

/** Pid and start time: a pid alone comes round again. */
async function identity(pid: number): Promise<string> {
  if (!isAlive(pid)) return '';
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return `${pid} ${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''}`.trim();
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It ended in the meantime.
  }
}
