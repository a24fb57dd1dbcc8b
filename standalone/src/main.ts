import 'reflect-metadata';
import { createLog } from '@pulsegraph/kit/log';
import { onSignals } from '@pulsegraph/kit/shutdown';
import { startTracing } from '@pulsegraph/kit/tracing';
import { startSimulator, type RunningSimulator } from '@pulsegraph/simulator';
import { banner, DEMO_ACCOUNTS } from './accounts.js';
import { loadEnv } from './env.js';
import { startPlatform } from './platform.js';

async function main(): Promise<void> {
  const env = loadEnv();
  await startTracing('standalone');
  const log = createLog('standalone', env.logLevel);
  const platform = await startPlatform(env, log);
  let simulator: RunningSimulator | undefined;
  let stopping = false;
  const stop = async () => {
    stopping = true;
    await simulator?.stop();
    await platform.stop();
  };
  onSignals(stop, log);
  // The launcher is gone: a Pulsegraph that nobody can reach with Ctrl-C must not stay behind.
  process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));

  process.stdout.write(`${banner({ ...platform, dataDir: env.dataDir, firstAdminEmail: env.firstAdmin?.email ?? null })}\n`);
  if (env.simulator !== 'off' && platform.demoPassword) {
    // Whatever becomes of the simulator, the platform goes on; and a stop in the middle of its beginning is no fault.
    const starting = startSimulator({
      fleet: env.simulator,
      url: platform.loopbackUrl,
      mqttUrl: platform.loopbackMqttUrl,
      account: { email: DEMO_ACCOUNTS[0].email, password: platform.demoPassword },
      onProblem: (what, error) => log.warn({ err: error }, what),
    });
    const started = await starting.catch((err: unknown) => void (stopping || log.warn({ err }, 'The simulator did not start')));
    simulator = started ?? undefined;
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
