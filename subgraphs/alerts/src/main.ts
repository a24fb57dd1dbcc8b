import 'reflect-metadata';
import { httpAuditSink } from '@pulsegraph/kit/audit';
import { createEventLog } from '@pulsegraph/kit/event-log';
import { createHttpService } from '@pulsegraph/kit/http';
import { createRedisBus, type LiveBus } from '@pulsegraph/kit/live-bus';
import { createLog, type Log } from '@pulsegraph/kit/log';
import { createMailer } from '@pulsegraph/kit/mail';
import { createRegistryProjection, httpRegistrySource, type RegistryProjection } from '@pulsegraph/kit/registry';
import { onSignals, shutDown, type ShutdownStep } from '@pulsegraph/kit/shutdown';
import { serveSubgraph } from '@pulsegraph/kit/subgraph';
import { startTracing } from '@pulsegraph/kit/tracing';
import { VERSION } from '@pulsegraph/kit/version';
import { createAlertEvaluator } from './alert-evaluator.js';
import { createAlertNotifier } from './alert-notifier.js';
import { createAlertsSubgraph } from './alerts-subgraph.js';
import { httpReadingHistory } from './backtest/reading-history.js';
import { loadEnv } from './env.js';
import { httpUserDirectory } from './notification/user-directory.js';

type Env = ReturnType<typeof loadEnv>;

interface Shared {
  env: Env;
  log: Log;
  bus: LiveBus;
  projection: RegistryProjection;
}

async function startApi({ env, log, bus, projection }: Shared): Promise<ShutdownStep[]> {
  const { databaseUrl, viewerKeys, internalToken, dataKeys, addresses } = env;
  const alerts = await createAlertsSubgraph({
    databaseUrl,
    bus,
    log,
    viewerKeys,
    cursorKeys: viewerKeys,
    projection,
    dataKeys,
    addresses,
    auditSink: httpAuditSink({ usersUrl: env.usersUrl, internalToken }),
    readingHistory: httpReadingHistory({ url: env.telemetryUrl, internalToken }),
  });
  const served = await serveSubgraph(alerts, { version: VERSION, internalToken, log });
  await alerts.start();
  log.info({ port: await served.listen(env.port) }, 'Alerts subgraph is listening');
  return [
    { name: 'http', run: () => served.close() },
    { name: 'alerts', run: () => alerts.stop() },
  ];
}

async function startEvaluator({ env, log, bus, projection }: Shared): Promise<ShutdownStep[]> {
  const { databaseUrl, replayWindowMs } = env;
  const eventLog = await createEventLog({ ...env.eventLog, log });
  const evaluator = createAlertEvaluator({ databaseUrl, bus, eventLog, projection, log, replayWindowMs });
  const http = createHttpService({ version: VERSION, checks: evaluator.checks, log });
  // Health first: until the registry has answered, the process is alive and says what it waits for.
  log.info({ port: await http.listen(env.port) }, 'Alert evaluator is listening');
  await evaluator.start();
  return [
    { name: 'evaluator', run: () => evaluator.stop() },
    { name: 'log', run: () => eventLog.close() },
    { name: 'http', run: () => http.close() },
  ];
}

async function startNotifier({ env, log }: Pick<Shared, 'env' | 'log'>): Promise<ShutdownStep[]> {
  const { databaseUrl, dataKeys, publicUrl, addresses, twilioUrl, internalToken } = env;
  const mailer = env.mail && createMailer(env.mail.url, env.mail.from);
  const users = httpUserDirectory({ url: env.usersUrl, internalToken });
  const notifier = createAlertNotifier({ databaseUrl, dataKeys, publicUrl, addresses, twilioUrl, mailer, users, log });
  const http = createHttpService({ version: VERSION, checks: notifier.checks, log });
  await notifier.start();
  log.info({ port: await http.listen(env.port) }, 'Alert notifier is listening');
  return [
    { name: 'notifier', run: () => notifier.stop() },
    { name: 'mail', run: () => mailer?.close() },
    { name: 'http', run: () => http.close() },
  ];
}

const NAMES = { api: 'alerts', evaluator: 'alert-evaluator', notifier: 'alert-notifier' } as const;

async function main(): Promise<void> {
  const env = loadEnv();
  await startTracing(NAMES[env.role]);
  const log = createLog(NAMES[env.role], env.logLevel);
  if (env.role === 'notifier') {
    // It knows nothing but the database: neither readings nor the registry.
    const steps = await startNotifier({ env, log });
    onSignals(async () => void (await shutDown(steps, env.shutdownGraceMs, log)), log);
    return;
  }
  const bus = createRedisBus({ url: env.redisUrl, log });
  const source = httpRegistrySource({ url: env.devicesUrl, internalToken: env.internalToken });
  const projection = createRegistryProjection({ source, bus, log });
  const begun = projection.start();
  const shared = { env, log, bus, projection };
  const steps = await (env.role === 'api' ? startApi(shared) : startEvaluator(shared));
  onSignals(async () => {
    const rest = [
      { name: 'registry', run: () => projection.stop() },
      { name: 'bus', run: () => bus.close() },
    ];
    await shutDown([...steps, ...rest], env.shutdownGraceMs, log);
  }, log);
  await begun;
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
