import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createAlertEvaluator, createAlertNotifier, createAlertsSubgraph } from '@pulsegraph/alerts';
import { createDevicesSubgraph } from '@pulsegraph/devices';
import { createGateway, RateLimiter, supergraphFromFile } from '@pulsegraph/gateway';
import { createBridge } from '@pulsegraph/ingest-bridge';
import { createMemoryEventLog } from '@pulsegraph/kit/event-log';
import { requireFreePort } from '@pulsegraph/kit/http';
import { createInProcessBus } from '@pulsegraph/kit/live-bus';
import type { Log } from '@pulsegraph/kit/log';
import { createMailer } from '@pulsegraph/kit/mail';
import { createRegistryProjection } from '@pulsegraph/kit/registry';
import { createRevocationList } from '@pulsegraph/kit/revocations';
import { shutDown, type ShutdownStep } from '@pulsegraph/kit/shutdown';
import { VERSION } from '@pulsegraph/kit/version';
import { createViewerSigner } from '@pulsegraph/kit/viewer';
import { createTelemetrySubgraph, createTelemetryWriter } from '@pulsegraph/telemetry';
import { createUsersSubgraph } from '@pulsegraph/users';
import { startDatabase } from './database.js';
import type { Env } from './env.js';
import { loadDemoPassword, loadSecrets, prepareDataDir } from './secrets.js';

/** The repository's root, whether this runs from src or from dist. */
const ROOT = join(__dirname, '..', '..');
const CONSUMERS = ['telemetry-writer', 'alert-evaluator', 'device-connectivity'] as const;

export interface Platform {
  url: string;
  mqttUrl: string;
  /** For parts on this machine, whatever the public addresses are. */
  loopbackUrl: string;
  loopbackMqttUrl: string;
  /** Null outside demo mode. */
  demoPassword: string | null;
  stop(): Promise<void>;
}

/** Every part in this process, on embedded Postgres. When it resolves, `/health/ready` answers 200. */
export async function startPlatform(env: Env, log: Log): Promise<Platform> {
  // In the order in which they must end: the last to start is the first to stop.
  const steps: ShutdownStep[] = [];
  const onStop = (name: string, run: ShutdownStep['run']) => void steps.unshift({ name, run });
  try {
    return await assemble(env, log, onStop, () => shutDown(steps, env.shutdownGraceMs, log));
  } catch (error) {
    await shutDown(steps, env.shutdownGraceMs, log);
    throw error;
  }
}

async function assemble(
  env: Env,
  log: Log,
  onStop: (name: string, run: ShutdownStep['run']) => void,
  stop: () => Promise<boolean>,
): Promise<Platform> {
  await prepareDataDir(env.dataDir);
  await requireFreePort(env.port, 'PORT');
  await requireFreePort(env.mqttPort, 'MQTT_PORT');
  const secrets = await loadSecrets(env.dataDir);
  const demoPassword = env.demo ? await loadDemoPassword(env.dataDir, env.demoPassword) : null;
  const part = (name: string) => log.child({ service: name });
  const database = await startDatabase(env.dataDir, secrets, part('postgres'));
  onStop('postgres', () => database.stop());
  const publicUrl = env.publicUrl ?? `http://localhost:${env.port}`;
  const mqttPublicUrl = env.mqttPublicUrl ?? `mqtt://localhost:${env.mqttPort}`;
  const viewerKeys = [secrets.viewerKey];
  const { internalToken } = secrets;
  const common = { internalToken, viewerKeys, cursorKeys: viewerKeys, replayWindowMs: env.replayWindowMs };

  const bus = createInProcessBus();
  const eventLog = createMemoryEventLog({ groups: CONSUMERS, log: part('event-log') });
  onStop('bus', () => bus.close());

  const mailer = createMailer(env.mail.url, env.mail.from);
  onStop('mailer', () => mailer.close());
  const users = await createUsersSubgraph({
    ...common,
    databaseUrl: database.urlOf('users'),
    dataKeys: [secrets.dataKey],
    publicUrl,
    mailer,
    bus,
    log: part('users'),
  });
  onStop('users', () => users.stop());
  if (demoPassword) await users.ensureDemoOrganization({ password: demoPassword });
  if (env.firstAdmin) await users.ensureFirstAdmin({ ...env.firstAdmin, organizationKey: 'main', organizationName: 'Main' });

  const { auditSink } = users;
  const devices = await createDevicesSubgraph({
    ...common,
    auditSink,
    dataKeys: [secrets.dataKey],
    databaseUrl: database.urlOf('devices'),
    bus,
    eventLog,
    mqttPublicUrl,
    log: part('devices'),
    // The bridge comes later: it needs the registry that devices feed.
    edge: { accept: (credential) => bridge.edge.accept(credential), revoke: (username) => bridge.edge.revoke(username) },
  });
  onStop('devices', () => devices.stop());

  const projection = createRegistryProjection({ source: devices.registrySource, bus, log: part('registry') });
  onStop('registry', () => projection.stop());
  await projection.start();

  const telemetry = await createTelemetrySubgraph({
    ...common,
    auditSink,
    databaseUrl: database.urlOf('telemetry'),
    bus,
    eventLog,
    projection,
    log: part('telemetry'),
  });
  const writer = createTelemetryWriter({
    ...common,
    databaseUrl: database.urlOf('telemetry'),
    bus,
    eventLog,
    log: part('telemetry-writer'),
  });
  const channels = { dataKeys: [secrets.dataKey], addresses: env.notifyPrivateAddresses };
  const alerts = await createAlertsSubgraph({
    ...common,
    ...channels,
    auditSink,
    databaseUrl: database.urlOf('alerts'),
    bus,
    projection,
    readingHistory: telemetry.readingHistory,
    log: part('alerts'),
  });
  const notifier = createAlertNotifier({
    ...channels,
    databaseUrl: database.urlOf('alerts'),
    mailer,
    publicUrl,
    twilioUrl: env.twilioUrl,
    users,
    log: part('alert-notifier'),
  });
  const evaluator = createAlertEvaluator({
    ...common,
    databaseUrl: database.urlOf('alerts'),
    bus,
    eventLog,
    projection,
    log: part('alert-evaluator'),
  });
  for (const [name, started] of Object.entries({ users, devices, telemetry, writer, alerts, evaluator, notifier })) {
    await started.start();
    if (started !== users && started !== devices) onStop(name, () => started.stop());
  }

  const bridge = createBridge({ eventLog, projection, mqttPort: env.mqttPort, brokerUrl: null, internalToken, log: part('ingest-bridge') });
  const revocations = createRevocationList({ source: users.revocationSource, bus, log: part('revocations') });
  await revocations.start();
  onStop('revocations', () => revocations.stop());
  const clientDir = join(ROOT, 'client', 'dist', 'browser');
  const gateway = createGateway({
    version: VERSION,
    log: part('gateway'),
    supergraph: supergraphFromFile(join(ROOT, 'schema', 'supergraph.graphql')),
    subgraphs: { users, devices, telemetry, alerts },
    identity: {
      jwks: () => users.jwks(),
      apiKeys: (key) => users.verifyApiKey(key),
      revocations,
      signViewer: createViewerSigner(secrets.viewerKey),
    },
    internalToken,
    publicUrl,
    clientDir: existsSync(clientDir) ? clientDir : undefined,
    rates: env.rateLimits ? new RateLimiter(env.rateLimits) : undefined,
    allowedOrigins: env.allowedOrigins,
    trustedProxies: env.trustedProxies,
    checks: [...users.checks, ...bridge.checks],
  });
  gateway.mount('/', bridge.ingestRouter);

  await bridge.start();
  onStop('ingest-bridge', () => bridge.stop());
  const port = await gateway.start(env.port);
  onStop('gateway', () => gateway.stop());
  return {
    url: publicUrl,
    mqttUrl: mqttPublicUrl,
    loopbackUrl: `http://127.0.0.1:${port}`,
    loopbackMqttUrl: `mqtt://127.0.0.1:${bridge.mqttPort ?? env.mqttPort}`,
    demoPassword,
    stop: async () => void (await stop()),
  };
}
