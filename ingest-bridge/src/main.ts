import { CONSUMER_GROUPS } from '@pulsegraph/contracts';
import { createEventLog } from '@pulsegraph/kit/event-log';
import { createHttpService } from '@pulsegraph/kit/http';
import { createRedisBus } from '@pulsegraph/kit/live-bus';
import { createLog } from '@pulsegraph/kit/log';
import { createRegistryProjection, httpRegistrySource } from '@pulsegraph/kit/registry';
import { onSignals, shutDown } from '@pulsegraph/kit/shutdown';
import { createBridge } from './bridge.js';
import { loadEnv } from './env.js';
import { VERSION } from '@pulsegraph/kit/version';

async function main(): Promise<void> {
  const env = loadEnv();
  const log = createLog('ingest-bridge', env.logLevel);
  const eventLog = await createEventLog({ ...env.eventLog, groups: CONSUMER_GROUPS, log });
  const bus = createRedisBus({ url: env.redisUrl, log });
  const source = httpRegistrySource({ url: env.devicesUrl, internalToken: env.internalToken });
  const projection = createRegistryProjection({ source, bus, log });
  const { mqttPort, brokerUrl, brokerClientId, brokerShard, provisionBroker, internalToken, rawRetentionDays, maxInFlightBytes } = env;
  const bridge = createBridge({ log, eventLog, projection, mqttPort, brokerUrl, brokerClientId, brokerShard, provisionBroker, internalToken, rawRetentionDays, maxInFlightBytes }); // prettier-ignore

  const http = createHttpService({ version: VERSION, checks: bridge.checks, log });
  http.app.use(bridge.ingestRouter, bridge.internalRouter);
  await bridge.start();
  const port = await http.listen(env.port);
  log.info({ port }, 'Ingest bridge is listening');

  onSignals(async () => {
    const steps = [
      { name: 'http', run: () => http.close() },
      { name: 'bridge', run: () => bridge.stop(env.shutdownGraceMs / 2) },
      { name: 'registry', run: () => projection.stop() },
      { name: 'bus', run: () => bus.close() },
      { name: 'event log', run: () => eventLog.close() },
    ];
    await shutDown(steps, env.shutdownGraceMs, log);
  }, log);

  // Last: the process lives, and says that it is not ready, while the registry is away.
  await projection.start();
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
