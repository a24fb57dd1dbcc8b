import { DEFAULT_RAW_RETENTION_DAYS } from '@pulsegraph/contracts';
import { audited, type AuditSink } from '@pulsegraph/kit/audit';
import type { EventLog } from '@pulsegraph/kit/event-log';
import type { LiveBus } from '@pulsegraph/kit/live-bus';
import type { Log } from '@pulsegraph/kit/log';
import { createDataSource, createPool, migrate, sqlOfClient } from '@pulsegraph/kit/postgres';
import type { RegistryProjection } from '@pulsegraph/kit/registry';
import type { Subgraph, SubgraphRequest } from '@pulsegraph/kit/subgraph';
import { createViewerVerifier } from '@pulsegraph/kit/viewer';
import { Router } from 'express';
import type { Clock } from './clock.js';
import { createTelemetryContext, type TelemetryContext } from './context.js';
import { DeadLetter } from './dead-letter/dead-letter.entity.js';
import { ExportRepository } from './export/export.repository.js';
import { exportRouter } from './export/export.router.js';
import { ReadingHistory } from './history/reading-history.js';
import { readingHistoryRoutes } from './history/reading-history.routes.js';
import { migrations } from './migrations/index.js';
import { createLatestLoader } from './reading/latest.loader.js';
import { buildTelemetrySchema } from './schema.js';
import { createServices } from './services.js';

export interface TelemetrySubgraphOptions {
  /** Connects as `telemetry_migrator`; schema and roles are there (`provisionDatabase`). */
  databaseUrl: string;
  bus: LiveBus;
  eventLog: EventLog;
  log: Log;
  /** Of this platform's services, towards each other. */
  internalToken: string;
  /** The gateway's: the first signs, all verify. */
  viewerKeys: readonly string[];
  /** Sign the cursors of `readings`; keep them, or cursors end with the process. */
  cursorKeys: readonly string[];
  /** Started and stopped by whoever made it. */
  projection: RegistryProjection;
  /** Where the audit trail is kept; without one, records wait in the outbox. */
  auditSink?: AuditSink;
  /** Older readings are refused as TOO_OLD. Default 90. */
  rawRetentionDays?: number;
  /** The clock, for tests. */
  now?: Clock;
}

export interface TelemetrySubgraph extends Subgraph {
  /** Stored readings in bulk, for consumers in the same process. Over HTTP: `POST /internal/reading-history`. */
  readonly readingHistory: ReadingHistory;
  createContext(request: SubgraphRequest): TelemetryContext;
}

/** Role `api`. Runs migrations and connects: ready to serve when it resolves. */
export async function createTelemetrySubgraph(options: TelemetrySubgraphOptions): Promise<TelemetrySubgraph> {
  const { databaseUrl, bus, log, viewerKeys, projection, now = Date.now, rawRetentionDays = DEFAULT_RAW_RETENTION_DAYS } = options;
  await migrate(databaseUrl, 'telemetry', migrations);
  const pool = createPool({ databaseUrl, owner: 'telemetry', kind: 'api' }, (err) => log.warn({ err }, 'An idle connection broke'));
  const dataSource = await createDataSource({ databaseUrl, owner: 'telemetry', kind: 'api', maxConnections: 3 }, [DeadLetter]);
  const { latest, pipeline, readingStream, container } = createServices({ ...options, pool, dataSource, now, rawRetentionDays });
  const readingHistory = new ReadingHistory(pool);
  const verifyViewer = createViewerVerifier(viewerKeys);

  const auditPool = createPool({ databaseUrl, owner: 'telemetry', kind: 'service', maxConnections: 2 }, (err) =>
    log.warn({ err }, 'An idle connection broke'),
  );
  const subgraph: TelemetrySubgraph = {
    name: 'telemetry',
    readingHistory,
    schema: buildTelemetrySchema(container),
    routes: Router().use(
      exportRouter({ repository: new ExportRepository(pool), projection, verifyViewer, log }),
      readingHistoryRoutes(readingHistory, options.internalToken, log),
    ),
    createContext: ({ viewerHeader, requestId }) =>
      createTelemetryContext(verifyViewer(viewerHeader), requestId, {
        loadersOf: ({ organizationId }) => ({ latest: createLatestLoader(latest, organizationId, requestId) }),
        readingStream,
        pipeline,
      }),
    checks: [
      { name: 'postgres', check: async () => void (await pool.query('select 1')) },
      { name: 'registry', check: () => (projection.ready ? Promise.resolve() : Promise.reject(new Error('no snapshot yet'))) },
      { name: 'bus', check: () => bus.ping(), optional: true },
    ],
    start: () => Promise.resolve(),
    async stop() {
      readingStream.stop();
      await Promise.all([pool.end(), auditPool.end(), dataSource.destroy()]);
    },
  };
  const sql = { api: sqlOfClient(pool), service: sqlOfClient(auditPool) };
  return audited(subgraph, { owner: 'telemetry', ...sql, sink: options.auditSink, log });
}
