import type { ReadingHistoryRequest } from '@pulsegraph/contracts';
import { scopeToOrganization } from '@pulsegraph/kit/postgres';
import type { Pool, PoolClient } from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import { binaryArray } from '../wire/binary-array.js';
import { copiedRows } from '../wire/copy-out.js';
import { FrameBuilder } from './frame-builder.js';
import { copyHistory, FIND_SERIES, type HistorySpan } from './history.sql.js';
import { hourRunOf } from './hour-run.js';

/** Longest that one metric may take. Packing its days waits for as long, and whoever comes after it waits too. */
const STATEMENT_TIMEOUT_MS = 60_000;

interface StoredSeries {
  index: number;
  series_id: number;
  unit: string;
  is_text: boolean;
}

/** Stored readings in bulk, as frames of contracts/reading-history. */
export class ReadingHistory {
  constructor(private readonly pool: Pool) {}

  /** Row-level security shows the organization's own series; of any other there are no frames. */
  async *read(request: ReadingHistoryRequest): AsyncGenerator<Uint8Array, void, undefined> {
    const { organizationId, series, fromUs, toUs } = request;
    if (series.length === 0 || fromUs >= toUs) return;
    const client = await this.pool.connect();
    let isWhole = false;
    try {
      const stored = await inTransaction(
        client,
        organizationId,
        async () => (await client.query<StoredSeries>(FIND_SERIES, idsOf(series))).rows,
      );
      for (const [index, variants] of byIndex(stored)) {
        // Words and numbers of one metric do not mix: what the profile says last is what the rule was written for.
        const isText = variants.at(-1)!.is_text;
        const seriesIds = variants.filter((variant) => variant.is_text === isText).map(({ series_id }) => series_id);
        const units = new Map(variants.map(({ series_id, unit }) => [series_id, unit]));
        const builder = new FrameBuilder(index, (id) => units.get(id)!);
        yield* this.frames(client, organizationId, { seriesIds, isText, fromUs, toUs }, builder);
      }
      isWhole = true;
    } finally {
      // In the middle of a COPY a connection is of no use to anybody else.
      client.release(!isWhole);
    }
  }

  private async *frames(
    client: PoolClient,
    organizationId: string,
    span: HistorySpan,
    builder: FrameBuilder,
  ): AsyncGenerator<Uint8Array, void, undefined> {
    await client.query('begin');
    await scopeToOrganization(client, organizationId);
    await client.query(`set local statement_timeout = ${STATEMENT_TIMEOUT_MS}`);
    // COPY takes its snapshot before its locks: a day packed in between would be seen in neither place.
    await client.query('lock table telemetry.organization_reading in access share mode');
    for await (const row of copiedRows(client.query(copyTo(copyHistory(span))))) yield* builder.add(hourRunOf(row, span));
    yield* builder.finish();
    await client.query('commit');
  }
}

async function inTransaction<T>(client: PoolClient, organizationId: string, work: () => Promise<T>): Promise<T> {
  await client.query('begin');
  await scopeToOrganization(client, organizationId);
  const result = await work();
  await client.query('commit');
  return result;
}

const idsOf = (series: ReadingHistoryRequest['series']) => [
  binaryArray.uuid(series.map(({ deviceId }) => deviceId)),
  binaryArray.text(series.map(({ metric }) => metric)),
];

function byIndex(stored: readonly StoredSeries[]): Map<number, StoredSeries[]> {
  const found = new Map<number, StoredSeries[]>();
  for (const each of stored) found.set(each.index, [...(found.get(each.index) ?? []), each]);
  return found;
}
