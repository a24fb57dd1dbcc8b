import { audited, type AuditSink } from '@pulsegraph/kit/audit';
import type { EventLog, LogConsumer } from '@pulsegraph/kit/event-log';
import type { LiveBus } from '@pulsegraph/kit/live-bus';
import type { Log } from '@pulsegraph/kit/log';
import { createDataSource, createPool, migrate, sqlOf, sqlOfClient } from '@pulsegraph/kit/postgres';
import { createRegistryProjection, type RegistryProjection, type RegistrySource } from '@pulsegraph/kit/registry';
import { createSealer, type KeyService } from '@pulsegraph/kit/sealing';
import type { Subgraph, SubgraphRequest } from '@pulsegraph/kit/subgraph';
import { createViewerVerifier } from '@pulsegraph/kit/viewer';
import { systemClock, type Clock } from './connectivity/clock.js';
import { ConnectivityService } from './connectivity/connectivity.service.js';
import { LabelIntake } from './connectivity/label-intake.js';
import { PresenceRepository } from './connectivity/presence.repository.js';
import { createDevicesContext, type DevicesContext } from './context.js';
import type { CredentialEdge } from './credential/credential-edge.js';
import { ReportedLabelsRepository } from './device/reported-labels.repository.js';
import { ENTITIES } from './entities.js';
import { Loaders } from './loaders.js';
import { Maintenance } from './maintenance.js';
import { MIGRATIONS } from './migrations/index.js';
import { PatientSealing } from './patient/patient-sealing.js';
import { PatientVault } from './patient/patient-vault.js';
import { createRegistrySource, registryRoutes } from './registry/registry-feed.js';
import { buildDevicesSchema } from './schema.js';
import { createServices } from './services.js';

export interface DevicesSubgraphOptions {
  /** Connects as `devices_migrator`; schema and roles are there (`provisionDatabase`). */
  databaseUrl: string;
  bus: LiveBus;
  /** Where connectivity hears of every message, as the group `device-connectivity`. */
  eventLog: EventLog;
  log: Log;
  internalToken: string;
  /** The gateway's: the first signs, all verify. */
  viewerKeys: readonly string[];
  /** Sign the cursors of `deviceChanged`; keep them, or cursors end with the process. */
  cursorKeys: readonly string[];
  /** What devices are told to connect to. */
  mqttPublicUrl: string;
  edge: CredentialEdge;
  /** DATA_KEY: the first seals personal fields, all open. Without any, a key is kept in the database. */
  dataKeys?: readonly string[];
  /** Wraps patients' keys in place of DATA_KEY, which then only makes the blind index. */
  keyService?: KeyService;
  /** Where the audit trail is kept; without one, records wait in the outbox. */
  auditSink?: AuditSink;
  /** How far back `deviceChanged(after:)` may reach, milliseconds; default one hour. */
  replayWindowMs?: number;
  /** For tests: time, and how long to wait for whom. */
  clock?: Clock;
  edgeDeadlineMs?: number;
  pollMs?: number;
}

export interface DevicesSubgraph extends Subgraph {
  createContext(request: SubgraphRequest): DevicesContext;
  /** The registry feed, for consumers in the same process. Over HTTP: `GET /internal/registry?since=`. */
  readonly registrySource: RegistrySource;
  /** What connectivity knows: the feed as it has arrived here. */
  readonly registry: Pick<RegistryProjection, 'device' | 'profile'>;
}

const HOUR_MS = 3_600_000;

/** Runs migrations and connects. Queries and the registry feed work from then on; connectivity begins with `start`. */
export async function createDevicesSubgraph(options: DevicesSubgraphOptions): Promise<DevicesSubgraph> {
  const { databaseUrl, bus, eventLog, log, internalToken, viewerKeys, clock = systemClock, replayWindowMs = HOUR_MS } = options;
  await migrate(databaseUrl, 'devices', MIGRATIONS);
  const api = await createDataSource({ databaseUrl, owner: 'devices', kind: 'api' }, ENTITIES);
  const service = createPool({ databaseUrl, owner: 'devices', kind: 'service' }, (error) =>
    log.warn({ err: error }, 'An idle database connection broke and was replaced'),
  );
  const sealer = await createSealer({ databaseUrl, owner: 'devices', secrets: options.dataKeys ?? [] });
  const vault = new PatientVault(sealer, options.keyService);
  const sealing = new PatientSealing(service, vault);
  const plain = await sealing.sealPlain();
  if (plain > 0) log.info({ patients: plain }, 'Personal fields of older releases were sealed');
  const { container, deviceChanges, publisher, changes } = createServices({ ...options, api, vault, service, clock });
  const registrySource = createRegistrySource(service);
  const registry = createRegistryProjection({ source: registrySource, bus, log });
  const connectivity = new ConnectivityService({
    repository: new PresenceRepository(service),
    registry,
    publisher,
    labels: new LabelIntake({ repository: new ReportedLabelsRepository(service), publisher, clock, log }),
    backlog: () => eventLog.backlog('device-connectivity'),
    clock,
    log,
  });
  const maintenance = new Maintenance({ pool: service, changes, publisher, clock, replayWindowMs, log });
  const verifyViewer = createViewerVerifier(viewerKeys);
  let consumer: LogConsumer | undefined;
  let renewing = Promise.resolve(0);

  const subgraph: DevicesSubgraph = {
    name: 'devices',
    schema: buildDevicesSchema(container),
    createContext: ({ viewerHeader, requestId }) =>
      createDevicesContext(verifyViewer(viewerHeader), requestId, {
        loadersOf: ({ organizationId }) => new Loaders(api, organizationId, requestId, vault),
        deviceChanges,
      }),
    routes: registryRoutes(registrySource, internalToken),
    registrySource,
    registry,
    checks: [
      { name: 'postgres', check: async () => void (await Promise.all([api.query('select 1'), service.query('select 1')])) },
      // Without these people can still be served; connectivity and live updates come late.
      { name: 'eventLog', check: () => eventLog.ping(), optional: true },
      { name: 'bus', check: () => bus.ping(), optional: true },
    ],
    async start() {
      await registry.start();
      await connectivity.start();
      maintenance.start();
      // Keys change with the process alone, so once is enough; people work on meanwhile.
      renewing = sealing.renew().catch((error: unknown) => {
        log.error({ err: error }, 'Patients could not all be sealed with the newest key; it is tried again at the next start');
        return 0;
      });
      consumer = await eventLog.consume('device-connectivity', connectivity.handle);
    },
    async stop() {
      await consumer?.stop();
      await connectivity.stop();
      await maintenance.stop();
      await registry.stop();
      await renewing;
      await Promise.all([api.destroy(), service.end()]);
    },
  };
  return audited(subgraph, {
    owner: 'devices',
    api: sqlOf(api),
    service: sqlOfClient(service),
    sink: options.auditSink,
    log,
    ownsPatients: true,
    personalInputs: ['PatientInput'],
  });
}
