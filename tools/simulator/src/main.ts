import { demoPassword } from './account.js';
import { loadEnv } from './env.js';
import { startSimulator } from './simulator.js';

async function main(): Promise<void> {
  const env = loadEnv();
  const simulator = await startSimulator({
    fleet: env.fleet,
    url: env.url,
    mqttUrl: env.mqttUrl,
    seed: env.seed,
    account: { email: env.email, password: await demoPassword(env.password, env.dataDir) },
    onProblem: (what, error) => console.error(`${what}: ${error.message}`),
  });
  console.log(`Simulating the ${env.fleet} fleet against ${env.url}; Ctrl-C ends it.`);
  const stop = () => void simulator.stop().then(() => process.exit(0));
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
}

main().catch((error: unknown) => {
  console.error((error as Error).message);
  process.exit(1);
});
