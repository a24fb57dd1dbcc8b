import { join } from 'node:path';
import { startEmbeddedPostgres } from '@pulsegraph/kit/embedded-postgres';
import type { Log } from '@pulsegraph/kit/log';
import { provisionDatabase, roleName, type SubgraphOwner } from '@pulsegraph/kit/postgres';
import type { Secrets } from './secrets.js';

export interface StandaloneDatabase {
  /** DATABASE_URL of a subgraph: its migrator's. */
  urlOf(owner: SubgraphOwner): string;
  stop(): Promise<void>;
}

/** Postgres in `DATA_DIR/postgres`, with a schema and three roles per subgraph. */
export async function startDatabase(dataDir: string, secrets: Secrets, log: Log): Promise<StandaloneDatabase> {
  const postgres = await startEmbeddedPostgres({
    dataDir: join(dataDir, 'postgres'),
    password: secrets.postgresPassword,
    database: 'pulsegraph',
    onCrash: (message) => log.error({ reason: message }, 'The database is away; what was received waits for it'),
  });
  const passwords: Record<SubgraphOwner, string> = {
    users: secrets.usersPassword,
    devices: secrets.devicesPassword,
    telemetry: secrets.telemetryPassword,
    alerts: secrets.alertsPassword,
  };
  const owners = Object.keys(passwords) as SubgraphOwner[];
  try {
    await provisionDatabase({ adminUrl: postgres.url, subgraphs: owners.map((name) => ({ name, password: passwords[name] })) });
  } catch (error) {
    await postgres.stop();
    throw error;
  }
  return {
    urlOf(owner) {
      const url = new URL(postgres.url);
      url.username = roleName(owner, 'migrator');
      url.password = passwords[owner];
      return url.toString();
    },
    stop: () => postgres.stop(),
  };
}
