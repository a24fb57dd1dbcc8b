import type { Log } from '@pulsegraph/kit/log';
import type { Pool } from 'pg';
import { appendRegistryChanges } from './change/append-changes.js';
import type { ChangePublisher } from './change/change-publisher.js';
import type { DeviceChangeRepository } from './change/device-change.repository.js';
import { inServiceTransaction } from './change/sql.js';
import type { Clock } from './connectivity/clock.js';
import { removePendingDevices } from './device/pending-device.repository.js';
import { registryEntry } from './registry/registry-entries.js';

export interface MaintenanceOptions {
  pool: Pool;
  changes: DeviceChangeRepository;
  publisher: ChangePublisher;
  clock: Clock;
  /** How far back `after` may reach, milliseconds. */
  replayWindowMs: number;
  log: Log;
}

const EVERY_MS = 60_000;
/** A registration that has waited this long belongs to a process that died between the database and the edge. */
const PENDING_FOR_MS = 10 * 60_000;

/** Removes what has had its time: changes beyond the replay window, expired credentials, registrations nobody finished. */
export class Maintenance {
  private end: (() => Promise<void>) | undefined;

  constructor(private readonly options: MaintenanceOptions) {}

  start(): void {
    this.end = this.options.clock.every(EVERY_MS, async () => {
      try {
        await this.run();
      } catch (error) {
        this.options.log.warn({ err: error }, 'Maintenance failed; it is tried again in a minute');
      }
    });
  }

  async stop(): Promise<void> {
    await this.end?.();
  }

  async run(): Promise<void> {
    const { changes, clock, replayWindowMs, pool, publisher } = this.options;
    const nowMs = clock.now();
    await changes.prune(new Date(nowMs - replayWindowMs));
    const revision = await inServiceTransaction(pool, async (sql) => {
      const expired = await sql<{ id: string; organization_id: string }>(
        'delete from devices.credential where valid_until < $1 returning id, organization_id',
        [new Date(nowMs)],
      );
      const gone = await removePendingDevices(sql, 'd.created_at < $1', [new Date(nowMs - PENDING_FOR_MS)]);
      return appendRegistryChanges(sql, [
        ...expired.map(({ id, organization_id }) => registryEntry.gone('credential', id, organization_id)),
        ...gone,
      ]);
    });
    publisher.publish({ revision, seqs: new Map() });
  }
}
