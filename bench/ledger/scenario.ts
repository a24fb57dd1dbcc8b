import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '@pulsegraph/testkit';
import { startDistributed } from '../../e2e/stack/distributed-stack.js';
import type { Stack } from '../../e2e/stack/stack.js';
import { startStandalone } from '../../e2e/stack/standalone-stack.js';
import type { SmallDisk } from './small-disk.js';

export interface Fault {
  name: string;
  /** Resolves when what was taken away is back, or is coming back by itself. */
  happen(): Promise<void>;
}

export interface Scenario {
  stack: Stack;
  /** Publishers are spread over these. */
  mqttUrls: string[];
  faults: Fault[];
}

export interface ScenarioOptions {
  awaySeconds: number;
  fullSeconds: number;
  disk: SmallDisk | null;
}

const RESTART_PAUSE_MS = 1_000;

/** One process on the in-process log, our own listener. */
export async function inProcess({ awaySeconds, fullSeconds, disk }: ScenarioOptions): Promise<Scenario> {
  const stack = await startStandalone(disk ? { DATA_DIR: disk.folder } : {});
  const postmaster = () => Number(readFileSync(join(stack.dataDir, 'postgres', 'postmaster.pid'), 'utf8').split('\n')[0]);
  return {
    stack,
    mqttUrls: [stack.mqttUrl],
    faults: [
      { name: 'kill -9 of the process (bridge and writer)', happen: () => stack.restart('SIGKILL') },
      { name: 'kill -9 of Postgres', happen: async () => void process.kill(postmaster(), 'SIGKILL') },
      {
        name: `Postgres frozen for ${awaySeconds} s`,
        async happen() {
          const pids = [postmaster(), ...childrenOf(postmaster())];
          for (const pid of pids) process.kill(pid, 'SIGSTOP');
          await sleep(awaySeconds * 1_000);
          for (const pid of pids) process.kill(pid, 'SIGCONT');
        },
      },
      ...diskFaults(disk, fullSeconds),
    ],
  };
}

/** Every part a process of its own, on Redis streams: half of the devices at our listener, half through Mosquitto. */
export async function onRedis({ awaySeconds, fullSeconds, disk }: ScenarioOptions): Promise<Scenario> {
  const listenerPort = await freePort();
  const stack = await startDistributed({
    folder: disk?.folder,
    environment: { 'ingest-bridge': { MQTT_PORT: String(listenerPort) } },
  });
  const restart =
    (service: string, pauseMs = RESTART_PAUSE_MS) =>
    async () => {
      await stack.kill(service);
      await sleep(pauseMs);
      await stack.start(service);
    };
  return {
    stack,
    mqttUrls: [`mqtt://127.0.0.1:${listenerPort}`, stack.mqttUrl],
    faults: [
      { name: 'kill -9 of the bridge', happen: restart('ingest-bridge') },
      { name: 'kill -9 of the writer', happen: restart('telemetry-writer') },
      { name: 'kill -9 of Postgres', happen: restart('postgres') },
      { name: 'kill -9 of Redis', happen: restart('redis') },
      { name: `Postgres away for ${awaySeconds} s`, happen: restart('postgres', awaySeconds * 1_000) },
      ...diskFaults(disk, fullSeconds, async () => {
        // Who keeps a database running elsewhere starts it again when it ended for want of disk.
        if (!stack.isRunning('postgres')) await stack.start('postgres');
        if (!stack.isRunning('redis')) await stack.start('redis');
      }),
    ],
  };
}

function diskFaults(disk: SmallDisk | null, fullSeconds: number, afterwards: () => Promise<void> = async () => undefined): Fault[] {
  if (!disk) return [];
  return [
    {
      name: `disk full for ${fullSeconds} s`,
      async happen() {
        const until = Date.now() + fullSeconds * 1_000;
        // What the stores free by themselves is taken as well.
        for (; Date.now() < until; await sleep(500)) await disk.fill();
        await disk.release();
        await afterwards();
      },
    },
  ];
}

function childrenOf(pid: number): number[] {
  return execFileSync('ps', ['-o', 'pid=', '--ppid', String(pid)], { encoding: 'utf8' })
    .split('\n')
    .map(Number)
    .filter((child) => child > 0);
}
