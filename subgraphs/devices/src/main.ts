import 'reflect-metadata';
import { httpAuditSink } from '@pulsegraph/kit/audit';
import { createEventLog } from '@pulsegraph/kit/event-log';
import { createRedisBus } from '@pulsegraph/kit/live-bus';
import { createLog } from '@pulsegraph/kit/log';
import { onSignals, shutDown } from '@pulsegraph/kit/shutdown';
import { serveSubgraph } from '@pulsegraph/kit/subgraph';
import { startTracing } from '@pulsegraph/kit/tracing';
import { VERSION } from '@pulsegraph/kit/version';
import { createHttpCredentialEdge } from './credential/credential-edge.js';
import { createDevicesSubgraph } from './devices-subgraph.js';
import { loadEnv } from './env.js';

async function main(): Promise<void> {
  const env = loadEnv();
  const { databaseUrl, redisUrl, internalToken, viewerKeys, mqttPublicUrl, bridgeUrl, replayWindowMs } = env;
  await startTracing('devices');
  const log = createLog('devices', env.logLevel);
  const bus = createRedisBus({ url: redisUrl, log });
  const eventLog = await createEventLog({ ...env.eventLog, log });
  const devices = await createDevicesSubgraph({
    databaseUrl,
    bus,
    eventLog,
    log,
    internalToken,
    viewerKeys,
    cursorKeys: viewerKeys,
    mqttPublicUrl,
    edge: createHttpCredentialEdge({ bridgeUrl, internalToken }),
    dataKeys: env.dataKeys,
    auditSink: httpAuditSink({ usersUrl: env.usersUrl, internalToken }),
    replayWindowMs,
  });

  const served = await serveSubgraph(devices, { version: VERSION, internalToken, log });
  await devices.start();
  const port = await served.listen(env.port);
  log.info({ port }, 'Devices subgraph is listening');

  onSignals(async () => {
    const steps = [
      { name: 'http', run: () => served.close() },
      { name: 'devices', run: () => devices.stop() },
      { name: 'log', run: () => eventLog.close() },
      { name: 'bus', run: () => bus.close() },
    ];
    await shutDown(steps, env.shutdownGraceMs, log);
  }, log);
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
