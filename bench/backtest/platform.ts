import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAlertsSubgraph, httpReadingHistory } from '@pulsegraph/alerts';
import { startEmbeddedPostgres } from '@pulsegraph/kit/embedded-postgres';
import { createMemoryEventLog } from '@pulsegraph/kit/event-log';
import { createInProcessBus } from '@pulsegraph/kit/live-bus';
import { silentLog } from '@pulsegraph/kit/log';
import { provisionDatabase } from '@pulsegraph/kit/postgres';
import { createRegistryProjection } from '@pulsegraph/kit/registry';
import { serveSubgraph, type Subgraph } from '@pulsegraph/kit/subgraph';
import { createTelemetrySubgraph } from '@pulsegraph/telemetry';
import { aDeviceEntry, aRegistrySnapshot, fakeRegistrySource, put, TEST_INTERNAL_TOKEN, TEST_VIEWER_KEY } from '@pulsegraph/testkit';
import { Client } from 'pg';

export interface BacktestPlatform {
  alerts: Subgraph;
  /** As superuser: what would take a writer minutes is made in place. */
  database: Client;
  stop(): Promise<void>;
}

const PASSWORD = 'bench';

/** The alerts subgraph, and telemetry behind HTTP as in another process, on Postgres set as standalone sets it. */
export async function startBacktestPlatform(deviceIds: readonly string[]): Promise<BacktestPlatform> {
  const folder = await mkdtemp(join(tmpdir(), 'pulsegraph-backtest-'));
  const postgres = await startEmbeddedPostgres({ dataDir: join(folder, 'postgres'), password: PASSWORD });
  const subgraphs = [
    { name: 'telemetry', password: PASSWORD },
    { name: 'alerts', password: PASSWORD },
  ] as const;
  await provisionDatabase({ adminUrl: postgres.url, subgraphs: [...subgraphs] });
  const urlOf = (name: string) => {
    const url = new URL(postgres.url);
    url.username = `${name}_migrator`;
    url.password = PASSWORD;
    return url.toString();
  };
  const bus = createInProcessBus();
  const devices = deviceIds.map((id, index) => put('device', aDeviceEntry({ id, key: `device-${index}`, name: `Device ${index}` })));
  const source = fakeRegistrySource([...aRegistrySnapshot(), ...devices]);
  const projection = createRegistryProjection({ source, bus, log: silentLog });
  await projection.start();
  const common = {
    bus,
    projection,
    log: silentLog,
    internalToken: TEST_INTERNAL_TOKEN,
    viewerKeys: [TEST_VIEWER_KEY],
    cursorKeys: [TEST_VIEWER_KEY],
  };
  const telemetry = await createTelemetrySubgraph({ ...common, databaseUrl: urlOf('telemetry'), eventLog: createMemoryEventLog() });
  const served = await serveSubgraph(telemetry, { version: '0', internalToken: TEST_INTERNAL_TOKEN, log: silentLog });
  const port = await served.listen(0);
  const readingHistory = httpReadingHistory({ url: `http://127.0.0.1:${port}`, internalToken: TEST_INTERNAL_TOKEN });
  const alerts = await createAlertsSubgraph({ ...common, databaseUrl: urlOf('alerts'), readingHistory });
  const database = new Client({ connectionString: postgres.url });
  await database.connect();
  return {
    alerts,
    database,
    async stop() {
      await database.end();
      await alerts.stop();
      await served.close();
      await telemetry.stop();
      await projection.stop();
      await postgres.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const DAY_MS = 86_400_000;

/** One reading per second and device: a daily wave with noise and a step now and then. */
export async function storeReadings(
  database: Client,
  deviceId: string,
  organizationId: string,
  fromMs: number,
  count: number,
): Promise<void> {
  for (let dayMs = Math.floor(fromMs / DAY_MS) * DAY_MS; dayMs < fromMs + count * 1_000; dayMs += DAY_MS) {
    await database.query(`select telemetry.ensure_partition('reading', $1)`, [new Date(dayMs)]);
  }
  await database.query(
    `with s as (insert into telemetry.series (organization_id, device_id, metric, unit, kind)
       values ($1, $2, 'temperature', 'Cel', 'NUMBER') returning series_id)
     insert into telemetry.reading (series_id, recorded_at, value, received_after, flags)
     select series_id, $3::timestamptz + i * interval '1 second',
       50 + 20 * sin(i / 13750.0) + sin(i * 12.9898) * 3 + case when i % 50000 < 120 then 30 else 0 end, 0.05, 0
     from s, generate_series(0, $4::int - 1) i`,
    [organizationId, deviceId, new Date(fromMs), count],
  );
}
