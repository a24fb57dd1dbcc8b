import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@pulsegraph/testkit';
import { signIn } from '../client/graphql-client.js';
import { runProcess, waitUntilReady, type RunningProcess } from './process.js';
import type { Stack } from './stack.js';

export interface StandaloneStack extends Stack {
  readonly dataDir: string;
  readonly running: RunningProcess;
  /** Ends it with the signal and starts it again on the same data and ports. */
  restart(signal: NodeJS.Signals): Promise<void>;
}

export const DEMO_PASSWORD = 'demo-password-for-tests';

/** Standalone in a folder of its own, with the demo organization and, unless told, without simulated devices. */
export async function startStandalone(env: NodeJS.ProcessEnv = {}): Promise<StandaloneStack> {
  const dataDir = env.DATA_DIR ?? (await mkdtemp(join(tmpdir(), 'pulsegraph-e2e-')));
  const [port, mqttPort] = [await freePort(), await freePort()];
  const url = `http://127.0.0.1:${port}`;
  const start = async () => {
    const process = runProcess('node', ['standalone/dist/main.js'], {
      PORT: String(port),
      MQTT_PORT: String(mqttPort),
      DATA_DIR: dataDir,
      DEMO_PASSWORD,
      SIMULATOR: 'off',
      ...env,
    });
    await waitUntilReady(url, process);
    return process;
  };
  let running = await start();
  return {
    url,
    mqttUrl: `mqtt://127.0.0.1:${mqttPort}`,
    password: DEMO_PASSWORD,
    dataDir,
    get running() {
      return running;
    },
    signIn: (account) => signIn(url, `${account}@demo.test`, DEMO_PASSWORD),
    async restart(signal) {
      await running.end(signal);
      running = await start();
    },
    async stop() {
      await running.end();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
