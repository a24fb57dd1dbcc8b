import type { RecordedReading } from '@pulsegraph/contracts';
import type { ClientBase } from 'pg';
import { binaryArray } from '../wire/binary-array.js';
import type { BatchRows } from './batch-rows.js';

const INPUT = `unnest($1::int8[], $2::timestamptz[], $3::float8[], $4::float8[], $5::int2[], $6::text[])
    as i (series_id, recorded_at, value, received_after, flags, text)`;
const INSERTED = `select series_id::text || ' ' || (extract(epoch from recorded_at) * 1000000)::int8 as key from inserted`;

const MISSING = {
  name: 'insert-missing',
  text: `
with inserted as (
  insert into telemetry.reading (series_id, recorded_at, value, received_after, flags, text)
  select i.* from ${INPUT}
  on conflict (series_id, recorded_at) do nothing
  returning series_id, recorded_at)
${INSERTED}`,
};

// Looks in all three places where a reading of a packed day may be.
const LATE = {
  name: 'insert-late',
  text: `
with inserted as (
  insert into telemetry.reading_late (series_id, recorded_at, value, received_after, flags, text)
  select i.* from ${INPUT}
  where not exists (select from telemetry.reading r where r.series_id = i.series_id and r.recorded_at = i.recorded_at)
    and not exists (select from telemetry.reading_chunk c
      where c.series_id = i.series_id and c.bucket = date_bin('1 hour', i.recorded_at, 'epoch')
        and (extract(epoch from i.recorded_at - c.bucket - interval '30 minutes') * 1000000)::int4 = any (c.at))
  on conflict (series_id, recorded_at) do nothing
  returning series_id, recorded_at)
${INSERTED}`,
};

/** Inserts what is not there yet, within the caller's transaction, and marks in `isNew` which rows that were. */
export const insertMissing = (client: ClientBase, rows: BatchRows, selected: readonly number[], isNew: Uint8Array): Promise<void> =>
  insertUnlessThere(MISSING, client, rows, selected, isNew);

/** The same for readings of packed days; the transaction holds the pack mark. */
export const insertLate = (client: ClientBase, rows: BatchRows, selected: readonly number[], isNew: Uint8Array): Promise<void> =>
  insertUnlessThere(LATE, client, rows, selected, isNew);

/** Readings before this belong to packed days. Keeps them where they are until the transaction ends. */
export async function holdPackMark(client: ClientBase): Promise<number> {
  const { rows } = await client.query<{ us: number }>(
    'select extract(epoch from packed_to)::float8 * 1e6 as us from telemetry.pack_mark for share',
  );
  return rows[0]!.us;
}

async function insertUnlessThere(
  statement: { name: string; text: string },
  client: ClientBase,
  rows: BatchRows,
  selected: readonly number[],
  isNew: Uint8Array,
): Promise<void> {
  const of = <T>(pick: (reading: RecordedReading, row: number) => T) => selected.map((row) => pick(rows.readings[row]!, row));
  const { rows: inserted } = await client.query<{ key: string }>({
    ...statement,
    values: [
      binaryArray.int8(of((_, row) => rows.series[row]!.id)),
      binaryArray.timestamptz(of(({ recordedAtUs }) => recordedAtUs)),
      binaryArray.float8(of(({ value }) => value)),
      binaryArray.float8(of(({ recordedAtUs }, row) => (rows.records[rows.recordOf[row]!]!.receivedAtUs - recordedAtUs) / 1e6)),
      binaryArray.int2(of(({ flags }) => flags)),
      binaryArray.text(of(({ text }) => text)),
    ],
  });
  if (inserted.length === selected.length) {
    for (const row of selected) isNew[row] = 1;
  } else if (inserted.length > 0) {
    const keys = new Set(inserted.map(({ key }) => key));
    for (const row of selected) if (keys.has(`${rows.series[row]!.id} ${rows.readings[row]!.recordedAtUs}`)) isNew[row] = 1;
  }
}
