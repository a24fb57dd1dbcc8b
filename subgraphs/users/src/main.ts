import 'reflect-metadata';
import { createRedisBus } from '@pulsegraph/kit/live-bus';
import { createLog } from '@pulsegraph/kit/log';
import { createMailer } from '@pulsegraph/kit/mail';
import { onSignals, shutDown } from '@pulsegraph/kit/shutdown';
import { serveSubgraph } from '@pulsegraph/kit/subgraph';
import { startTracing } from '@pulsegraph/kit/tracing';
import { loadEnv } from './env.js';
import { createUsersSubgraph } from './users-subgraph.js';
import { VERSION } from './version.js';

async function main(): Promise<void> {
  const env = loadEnv();
  await startTracing('users');
  const log = createLog('users', env.logLevel);
  const bus = createRedisBus({ url: env.redisUrl, log });
  const { databaseUrl, internalToken, viewerKeys, dataKeys, publicUrl } = env;
  const mailer = env.mail && createMailer(env.mail.url, env.mail.from);
  const users = await createUsersSubgraph({ databaseUrl, bus, log, internalToken, viewerKeys, dataKeys, publicUrl, mailer });
  if (env.demo) await users.ensureDemoOrganization(env.demo);
  if (env.firstAdmin) await users.ensureFirstAdmin(env.firstAdmin);

  const served = await serveSubgraph(users, { version: VERSION, internalToken, log });
  await users.start();
  const port = await served.listen(env.port);
  log.info({ port }, 'Users subgraph is listening');

  onSignals(async () => {
    const steps = [
      { name: 'http', run: () => served.close() },
      { name: 'users', run: () => users.stop() },
      { name: 'mail', run: () => mailer?.close() },
      { name: 'bus', run: () => bus.close() },
    ];
    await shutDown(steps, env.shutdownGraceMs, log);
  }, log);
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
