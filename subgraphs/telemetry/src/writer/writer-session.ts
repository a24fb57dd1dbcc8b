import type { StoredBatch } from '@pulsegraph/contracts';
import { isUniqueViolation } from '@pulsegraph/kit/postgres';
import type { LogEntry } from '@pulsegraph/kit/event-log';
import type { Client, Pool } from 'pg';
import { GroupLostError, flush, type Flush } from '../rollup/flush.js';
import { DAY_US, MINUTE_US, floorTo } from '../rollup/aggregate.js';
import { addToRollups } from '../rollup/rollup.repository.js';
import { COPY_READINGS, ReadingCopy } from '../wire/copy-readings.js';
import { copyIn } from '../wire/copy-in.js';
import { effectsOf, type BatchEffects, type OrganizationEffects } from './batch-effects.js';
import { BatchRows } from './batch-rows.js';
import { finishBatch } from './batch.repository.js';
import { insertDeadLetters } from './dead-letter.repository.js';
import { holdPackMark, insertLate, insertMissing } from './insert-missing.repository.js';
import type { Partitions } from './partitions.js';
import { SeriesDirectory } from './series-directory.js';
import { resumeGroup, takeFreeGroup, type GroupState } from './writer-group.js';

/** What one transaction stored, after commit. */
export interface StoredChunk {
  rows: BatchRows;
  organizations: readonly OrganizationEffects[];
  rejected: ReadonlyMap<string, number>;
  committedAtUs: number;
}

/** After a duplicate this many batches take the careful way at once: redelivery seldom comes alone. */
const CAREFUL_BATCHES = 20;
/** Days younger than this are never packed. */
const NEVER_PACKED_US = DAY_US;
/** Above this many open minutes a flush does not wait for its time. */
const MAX_OPEN_MINUTES = 500_000;

/**
 * One connection, the group it holds, and what it keeps in memory of that group. When the connection is lost so is all of
 * this; the next session reads it back. Calls to `store` and `startFlush` must not overlap.
 */
export class WriterSession {
  private readonly copy = new ReadingCopy();
  private carefulBatches = 0;
  /** As last seen; it only grows. Readings before it belong to packed days. */
  private packedToUs = -Infinity;
  /** Taken out of memory and not yet known to be stored. */
  private unflushed: Flush | null = null;
  private running: Promise<void> | null = null;

  private constructor(
    private readonly client: Client,
    private readonly pool: Pool,
    private readonly partitions: Partitions,
    private readonly directory: SeriesDirectory,
    private readonly state: GroupState,
  ) {}

  static async open(client: Client, pool: Pool, partitions: Partitions): Promise<WriterSession> {
    const directory = new SeriesDirectory();
    const state = await resumeGroup(client, await takeFreeGroup(client), directory);
    return new WriterSession(client, pool, partitions, directory, state);
  }

  get group(): number {
    return this.state.group;
  }

  get seq(): number {
    return this.state.seq;
  }

  async store(entries: readonly LogEntry[]): Promise<StoredChunk> {
    const rows = await BatchRows.gather(entries, this.directory, this.client);
    const isOld = Math.min(...rows.daysUs) < Date.now() * 1000 - NEVER_PACKED_US;
    // Of packed days no partition is left, and none is needed.
    await this.partitions.ensureDays([...rows.daysUs].filter((dayUs) => dayUs >= this.packedToUs));
    try {
      const careful = isOld || this.carefulBatches > 0;
      if (this.carefulBatches > 0) this.carefulBatches--;
      return await (careful ? this.storeCarefully(rows, true, isOld) : this.storeOptimistically(rows));
    } catch (error) {
      if (isUniqueViolation(error, 'stored_batch_pkey')) throw new GroupLostError(`Writer group ${this.group} has another owner.`);
      if (!isUniqueViolation(error)) throw error;
      this.carefulBatches = CAREFUL_BATCHES;
      return await this.storeCarefully(rows, false, isOld);
    }
  }

  /** COPY straight into the keyed table, half the cost of anything that looks first; one duplicate undoes it all. */
  private storeOptimistically(rows: BatchRows): Promise<StoredChunk> {
    return this.inTransaction(rows, async (committedAtUs) => {
      if (rows.readings.length === 0) {
        await this.client.query('begin');
        return effectsOf(rows, null, this.order(), committedAtUs);
      }
      this.copy.start();
      for (let row = 0; row < rows.readings.length; row++) this.addToCopy(rows, row);
      const copied = copyIn(this.client, `begin; ${COPY_READINGS}`, this.copy.finish());
      try {
        // Postgres is busy for a while: time to work out what follows.
        return effectsOf(rows, null, this.order(), committedAtUs);
      } finally {
        await copied;
      }
    });
  }

  /**
   * @param trustNewest COPY what is newer than all we know of; look only at the rest. Not after that went wrong.
   * @param isOld Some rows may belong to packed days.
   */
  private storeCarefully(rows: BatchRows, trustNewest: boolean, isOld: boolean): Promise<StoredChunk> {
    const isNew = new Uint8Array(rows.readings.length);
    return this.inTransaction(
      rows,
      async (committedAtUs) => {
        await this.client.query('begin');
        if (isOld) this.packedToUs = await holdPackMark(this.client);
        const [late, doubtful]: [number[], number[]] = [[], []];
        this.copy.start();
        for (let row = 0; row < rows.readings.length; row++) {
          const us = rows.readings[row]!.recordedAtUs;
          if (us < this.packedToUs) late.push(row);
          else if (trustNewest && us > rows.series[row]!.newestUs) {
            this.addToCopy(rows, row);
            isNew[row] = 1;
          } else doubtful.push(row);
        }
        if (late.length + doubtful.length < rows.readings.length) await copyIn(this.client, COPY_READINGS, this.copy.finish());
        if (doubtful.length > 0) await insertMissing(this.client, rows, doubtful, isNew);
        if (late.length > 0) await insertLate(this.client, rows, late, isNew);
        return effectsOf(rows, isNew, this.order(), committedAtUs);
      },
      isNew,
    );
  }

  private addToCopy(rows: BatchRows, row: number): void {
    this.copy.add(rows.series[row]!.id, rows.readings[row]!, rows.records[rows.recordOf[row]!]!.receivedAtUs);
  }

  /** @param insert Begins the transaction, inserts, and says what follows from it. @param isNew Filled by `insert`; null: all. */
  private async inTransaction(
    rows: BatchRows,
    insert: (committedAtUs: number) => Promise<BatchEffects>,
    isNew: Uint8Array | null = null,
  ): Promise<StoredChunk> {
    const { client, state } = this;
    const committedAtUs = Math.max(Date.now() * 1000, state.committedAtUs + 1000);
    try {
      const effects = await insert(committedAtUs);
      if (effects.late) await addToRollups(client, effects.late.all());
      const rejected = await insertDeadLetters(client, rows.rejections);
      await finishBatch(client, rows, effects, { group: state.group, rolledUpToUs: state.rolledUpToUs, committedAtUs, rejected });
      await client.query('commit');
      this.remember(rows, isNew, effects);
      state.committedAtUs = committedAtUs;
      return { rows, organizations: effects.organizations, rejected, committedAtUs };
    } catch (error) {
      await client.query('rollback');
      throw error;
    }
  }

  private order() {
    const { group, seq, rolledUpToUs, previousSeqs } = this.state;
    return { group, seq, rolledUpToUs, previousSeq: (organizationId: string) => previousSeqs.get(organizationId) ?? 0 };
  }

  private remember(rows: BatchRows, isNew: Uint8Array | null, effects: BatchEffects): void {
    const { state } = this;
    const { open, rolledUpToUs } = state;
    for (let row = 0; row < rows.readings.length; row++) {
      const { recordedAtUs, value } = rows.readings[row]!;
      const series = rows.series[row]!;
      if (recordedAtUs > series.newestUs) series.newestUs = recordedAtUs;
      if (value === null || recordedAtUs < rolledUpToUs || (isNew && !isNew[row])) continue;
      open.add(series, recordedAtUs, value, effects.firstSeq);
    }
    for (const row of effects.latestRows) rows.series[row]!.latestUs = rows.readings[row]!.recordedAtUs;
    for (const { organizationId, batch } of effects.organizations) if (batch) state.previousSeqs.set(organizationId, batch.seq);
    state.seq = effects.lastSeq;
  }

  /**
   * Hands the minutes before `toUs` to a flush that runs beside the batches to come: those add what they have of these
   * minutes to the rollups themselves.
   */
  startFlush(toUs: number): void {
    const { state } = this;
    if (this.running) return;
    if (!this.unflushed) {
      const full = state.open.size > MAX_OPEN_MINUTES;
      const targetUs = full ? state.open.newestUs + MINUTE_US : floorTo(toUs, MINUTE_US);
      if (targetUs <= state.rolledUpToUs) return;
      const minutes = state.open.take(targetUs);
      const flushedSeq = Math.min(state.seq, state.open.firstSeq() - 1);
      const { group, owner, rolledUpToUs: fromUs } = state;
      state.rolledUpToUs = targetUs;
      this.unflushed = { group, owner, minutes, fromUs, toUs: targetUs, flushedSeq };
    }
    this.running = flush(this.pool, this.unflushed)
      .then(() => void (this.unflushed = null))
      .finally(() => (this.running = null));
    // Whoever wants to know asks `flushed`.
    this.running.catch(() => undefined);
  }

  /** Rejects when the flush under way failed; it is kept and the next `startFlush` tries it again. */
  flushed(): Promise<void> {
    return this.running ?? Promise.resolve();
  }

  /** After the last batch: leaves nothing to read back. */
  async end(): Promise<void> {
    // What failed is kept, and tried once more.
    await this.flushed().catch(() => undefined);
    const { group, owner, open, seq } = this.state;
    if (this.unflushed) await flush(this.pool, this.unflushed);
    await flush(this.pool, {
      group,
      owner,
      minutes: open.take(Infinity),
      fromUs: this.state.rolledUpToUs,
      toUs: Infinity,
      flushedSeq: seq,
    });
  }
}

export function batchesOf(chunk: StoredChunk): { organizationId: string; batch: StoredBatch }[] {
  return chunk.organizations.flatMap(({ organizationId, batch }) => (batch ? [{ organizationId, batch }] : []));
}
