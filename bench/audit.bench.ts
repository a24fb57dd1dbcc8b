import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { AuditRecord } from '@pulsegraph/contracts';
import { startEmbeddedPostgres } from '@pulsegraph/kit/embedded-postgres';
import { createInProcessBus } from '@pulsegraph/kit/live-bus';
import { silentLog } from '@pulsegraph/kit/log';
import { provisionDatabase, roleName } from '@pulsegraph/kit/postgres';
import { askSubgraph, aViewer, TEST_INTERNAL_TOKEN, TEST_VIEWER_KEY } from '@pulsegraph/testkit';
import { createUsersSubgraph, type UsersSubgraph } from '@pulsegraph/users';
import { Client } from 'pg';
import { rounded } from './measure/statistics.js';

const BATCH = 5_000;

interface Verification {
  valid: boolean;
  checked: number;
  firstBrokenId: string | null;
}

/** Events added to one organization's chain per second, how long `verifyAuditTrail` takes over all of them, and whether it finds one altered byte. */
export async function benchAudit(args: string[]): Promise<object> {
  const { values } = parseArgs({ args, options: { rows: { type: 'string', default: '1000000' } } });
  const rows = Number(values.rows);
  const dataDir = await mkdtemp(join(tmpdir(), 'pulsegraph-bench-audit-'));
  const postgres = await startEmbeddedPostgres({ dataDir: join(dataDir, 'postgres'), password: 'of-this-bench', database: 'pulsegraph' });
  try {
    const password = 'of-the-migrator-in-this-bench';
    await provisionDatabase({ adminUrl: postgres.url, subgraphs: [{ name: 'users', password }] });
    const url = new URL(postgres.url);
    url.username = roleName('users', 'migrator');
    url.password = password;
    const users = await createUsersSubgraph({
      databaseUrl: url.toString(),
      bus: createInProcessBus(),
      log: silentLog,
      internalToken: TEST_INTERNAL_TOKEN,
      viewerKeys: [TEST_VIEWER_KEY],
      dataKeys: ['a data key for this bench, long enough for one'],
    });
    try {
      return await measure(users, postgres.url, rows);
    } finally {
      await users.stop();
    }
  } finally {
    await postgres.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}

async function measure(users: UsersSubgraph, adminUrl: string, rows: number): Promise<object> {
  const appendStarted = performance.now();
  for (let done = 0; done < rows; done += BATCH) {
    await users.auditSink.deliver(Array.from({ length: Math.min(BATCH, rows - done) }, (_, index) => aRecord(done + index)));
  }
  const appendS = (performance.now() - appendStarted) / 1_000;
  const whole = await timedVerify(users);
  if (!whole.verification.valid || whole.verification.checked !== rows) throw new Error('An untouched trail must hold.');

  const admin = new Client({ connectionString: adminUrl });
  await admin.connect();
  const seq = Math.ceil(rows * 0.9);
  const { rows: altered } = await admin.query<{ id: string }>(
    `update users.audit_event set detail = overlay(detail placing 'X' from 5 for 1) where organization_id = $1 and seq = $2 returning id`,
    [aViewer().organizationId, seq],
  );
  await admin.end();
  const broken = await timedVerify(users);
  const found = broken.verification.firstBrokenId === altered[0]!.id && !broken.verification.valid;
  const result = {
    rows,
    appendedPerSecond: Math.round(rows / appendS),
    verifySeconds: rounded(whole.seconds),
    verifiedPerSecond: Math.round(rows / whole.seconds),
    alteredByteFound: found,
  };
  console.log(result);
  if (!found) throw new Error('The altered byte was not found.');
  return result;
}

async function timedVerify(users: UsersSubgraph): Promise<{ verification: Verification; seconds: number }> {
  const started = performance.now();
  const query = '{ verifyAuditTrail { valid checked firstBrokenId } }';
  const { data } = await askSubgraph<{ verifyAuditTrail: Verification }>(users, query, { viewer: aViewer() });
  return { verification: data!.verifyAuditTrail, seconds: (performance.now() - started) / 1_000 };
}

function aRecord(index: number): AuditRecord {
  const { organizationId, subject } = aViewer();
  return {
    id: randomUUID(),
    organizationId,
    at: new Date(Date.now() + index).toISOString(),
    actorKind: 'USER',
    actorId: subject!.id,
    actorName: subject!.name,
    action: 'updateTwinDesired',
    subjectType: 'Device',
    subjectId: randomUUID(),
    detail: { arguments: { deviceId: randomUUID(), patch: '•', expectedVersion: index }, outcome: 'SUCCEEDED' },
    ip: '203.0.113.9',
    requestId: randomUUID(),
  };
}
