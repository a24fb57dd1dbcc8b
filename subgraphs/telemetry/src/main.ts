import 'reflect-metadata';
import { httpAuditSink } from '@pulsegraph/kit/audit';
import { createEventLog, type EventLog } from '@pulsegraph/kit/event-log';
import { createHttpService } from '@pulsegraph/kit/http';
import { createRedisBus, type LiveBus } from '@pulsegraph/kit/live-bus';
import { createLog, type Log } from '@pulsegraph/kit/log';
import { httpRegistrySource, createRegistryProjection } from '@pulsegraph/kit/registry';
import { onSignals, shutDown, type ShutdownStep } from '@pulsegraph/kit/shutdown';
import { serveSubgraph } from '@pulsegraph/kit/subgraph';
import { startTracing } from '@pulsegraph/kit/tracing';
import { loadEnv, type Env } from './env.js';
import { createTelemetrySubgraph } from './telemetry-subgraph.js';
import { VERSION } from '@pulsegraph/kit/version';
import { createTelemetryWriter } from './writer/writer.js';

interface Shared {
  env: Env;
  log: Log;
  bus: LiveBus;
  eventLog: EventLog;
}

/** @returns What to do at the end, in this order. */
async function runApi({ env, log, bus, eventLog }: Shared): Promise<ShutdownStep[]> {
  const { databaseUrl, devicesUrl, internalToken, viewerKeys } = env;
  const projection = createRegistryProjection({ source: httpRegistrySource({ url: devicesUrl, internalToken }), bus, log });
  const telemetry = await createTelemetrySubgraph({
    databaseUrl,
    bus,
    eventLog,
    log,
    internalToken,
    viewerKeys,
    cursorKeys: viewerKeys,
    projection,
    auditSink: httpAuditSink({ usersUrl: env.usersUrl, internalToken }),
  });
  const served = await serveSubgraph(telemetry, { version: VERSION, internalToken, log });
  const port = await served.listen(env.port);
  log.info({ port }, 'Telemetry subgraph is listening');
  // Not ready before its first snapshot, but alive: devices may start after us.
  projection.start().catch((err: unknown) => log.error({ err }, 'The registry projection ended'));
  await telemetry.start();
  return [
    { name: 'http', run: () => served.close() },
    { name: 'telemetry', run: () => telemetry.stop() },
    { name: 'registry', run: () => projection.stop() },
  ];
}

async function runWriter({ env, log, bus, eventLog }: Shared): Promise<ShutdownStep[]> {
  const writer = createTelemetryWriter({ databaseUrl: env.databaseUrl, bus, eventLog, log, retention: env.retention });
  await writer.start();
  const http = createHttpService({ version: VERSION, checks: writer.checks, log });
  const port = await http.listen(env.port);
  log.info({ port }, 'Telemetry writer is running');
  return [
    { name: 'writer', run: () => writer.stop() },
    { name: 'http', run: () => http.close() },
  ];
}

async function main(): Promise<void> {
  const env = loadEnv();
  await startTracing(env.role === 'api' ? 'telemetry' : 'telemetry-writer');
  const log = createLog(env.role === 'api' ? 'telemetry' : 'telemetry-writer', env.logLevel);
  const bus = createRedisBus({ url: env.redisUrl, log });
  const eventLog = await createEventLog({ ...env.eventLog, log });
  const shared = { env, log, bus, eventLog };
  const steps = await (env.role === 'api' ? runApi(shared) : runWriter(shared));
  onSignals(async () => {
    await shutDown(
      [...steps, { name: 'log', run: () => eventLog.close() }, { name: 'bus', run: () => bus.close() }],
      env.shutdownGraceMs,
      log,
    );
  }, log);
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
