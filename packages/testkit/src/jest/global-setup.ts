import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import './source-resolution';
import { startEmbeddedPostgres } from '@pulsegraph/kit/embedded-postgres';
import { SERVER_URL_VARIABLE, SKIP_FILE_VARIABLE, keepServer } from './shared-server';

/** One PostgreSQL server per jest run; each test file gets a database of its own on it (`testDatabase`). */
export default async function globalSetup(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'pulsegraph-test-'));
  const server = await startEmbeddedPostgres({
    dataDir: join(folder, 'postgres'),
    password: randomBytes(18).toString('hex'),
    // Nothing here outlives the run, so nothing needs to reach the disk.
    settings: { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', max_connections: '300', shared_buffers: '64MB' },
  });
  process.env[SERVER_URL_VARIABLE] = server.url;
  process.env[SKIP_FILE_VARIABLE] = join(folder, 'skipped.txt');
  keepServer({ server, folder });
}
