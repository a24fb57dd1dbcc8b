import { readFileSync, readdirSync } from 'node:fs';

const TICK_US = 10_000; // USER_HZ is 100 on every Linux we run on

interface ProcessTimes {
  parent: number;
  /** Own and of children that have ended, microseconds. */
  usedUs: number;
}

function readProcesses(): Map<number, ProcessTimes> {
  const found = new Map<number, ProcessTimes>();
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      const stat = readFileSync(`/proc/${entry}/stat`, 'utf8');
      // The name in parentheses may hold spaces; what follows the last one does not.
      const fields = stat
        .slice(stat.lastIndexOf(')') + 2)
        .split(' ')
        .map(Number);
      const ticks = fields[11]! + fields[12]! + fields[13]! + fields[14]!;
      found.set(Number(entry), { parent: fields[1]!, usedUs: ticks * TICK_US });
    } catch {
      // ended while we looked
    }
  }
  return found;
}

/** CPU used so far by the processes and everything below them, microseconds. From /proc, so it holds for any program. */
export function cpuUsedUs(roots: readonly number[]): number {
  const processes = readProcesses();
  const within = (pid: number): boolean =>
    roots.includes(pid) || (processes.has(pid) && processes.get(pid)!.parent > 1 && within(processes.get(pid)!.parent));
  let usedUs = 0;
  for (const [pid, times] of processes) if (within(pid)) usedUs += times.usedUs;
  return usedUs;
}

export function residentBytes(pid: number): number {
  const pages = Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]);
  return pages * 4_096;
}
