import type { RecordedReading } from '@pulsegraph/contracts';
import type { Client } from 'pg';
import { binaryArray } from '../wire/binary-array.js';
import type { BatchEffects } from './batch-effects.js';
import type { BatchRows } from './batch-rows.js';

const FINISH = {
  name: 'finish-batch',
  text: `
with newest as (
  insert into telemetry.latest as l (series_id, recorded_at, received_at, value, flags, text)
  select * from unnest($1::int8[], $2::timestamptz[], $3::timestamptz[], $4::float8[], $5::int2[], $6::text[])
  on conflict (series_id) do update set recorded_at = excluded.recorded_at, received_at = excluded.received_at,
    value = excluded.value, flags = excluded.flags, text = excluded.text
  where excluded.recorded_at > l.recorded_at),
stored as (
  insert into telemetry.stored_batch ("group", seq, organization_id, previous_seq, rolled_up_to, committed_at, payload)
  select $7::int4, b.seq, b.organization_id, b.previous_seq, $8::timestamptz, $9::timestamptz, b.payload
  from unnest($10::int8[], $11::uuid[], $12::int8[], $13::bytea[]) as b (seq, organization_id, previous_seq, payload))
insert into telemetry.pipeline_counter as c ("group", organization_id, accepted, duplicates, rejected, last_seq)
select $7::int4, n.* from unnest($14::uuid[], $15::int8[], $16::int8[], $17::int8[], $18::int8[])
  as n (organization_id, accepted, duplicates, rejected, last_seq)
on conflict ("group", organization_id) do update set accepted = c.accepted + excluded.accepted,
  duplicates = c.duplicates + excluded.duplicates, rejected = c.rejected + excluded.rejected,
  last_seq = greatest(c.last_seq, excluded.last_seq)`,
};

export interface FinishOptions {
  group: number;
  rolledUpToUs: number;
  committedAtUs: number;
  /** Dead letters that were new, by organization. */
  rejected: ReadonlyMap<string, number>;
}

/** Latest, stored batches and counters of a batch: one statement, in the transaction of its readings. */
export async function finishBatch(client: Client, rows: BatchRows, effects: BatchEffects, options: FinishOptions): Promise<void> {
  const { group, rolledUpToUs, committedAtUs, rejected } = options;
  // One order of locking among writers that come after each other.
  const latest = effects.latestRows.sort((a, b) => rows.series[a]!.id - rows.series[b]!.id);
  const ofLatest = <T>(pick: (reading: RecordedReading, row: number) => T) => latest.map((row) => pick(rows.readings[row]!, row));
  const stored = effects.organizations.flatMap(({ batch, payload, organizationId }) =>
    batch && payload ? [{ batch, payload, organizationId }] : [],
  );
  const counted = [...effects.organizations];
  for (const organizationId of rejected.keys()) {
    if (counted.some((one) => one.organizationId === organizationId)) continue;
    counted.push({ organizationId, accepted: 0, duplicates: 0, batch: null, payload: null });
  }
  await client.query({
    ...FINISH,
    values: [
      binaryArray.int8(ofLatest((_, row) => rows.series[row]!.id)),
      binaryArray.timestamptz(ofLatest(({ recordedAtUs }) => recordedAtUs)),
      binaryArray.timestamptz(ofLatest((_, row) => rows.records[rows.recordOf[row]!]!.receivedAtUs)),
      binaryArray.float8(ofLatest(({ value }) => value)),
      binaryArray.int2(ofLatest(({ flags }) => flags)),
      binaryArray.text(ofLatest(({ text }) => text)),
      group,
      new Date(rolledUpToUs / 1000),
      new Date(committedAtUs / 1000),
      binaryArray.int8(stored.map(({ batch }) => batch.seq)),
      binaryArray.uuid(stored.map(({ organizationId }) => organizationId)),
      binaryArray.int8(stored.map(({ batch }) => batch.previousSeq)),
      binaryArray.bytea(stored.map(({ payload }) => payload)),
      binaryArray.uuid(counted.map(({ organizationId }) => organizationId)),
      binaryArray.int8(counted.map(({ accepted }) => accepted)),
      binaryArray.int8(counted.map(({ duplicates }) => duplicates)),
      binaryArray.int8(counted.map(({ organizationId }) => rejected.get(organizationId) ?? 0)),
      binaryArray.int8(counted.map(({ batch }) => batch?.seq ?? 0)),
    ],
  });
}
