import { ReadingFlag } from '@pulsegraph/contracts';

/** What raises no alert, however new it is. */
export const SILENT_FLAGS = ReadingFlag.LATE | ReadingFlag.HISTORICAL;
const HOUR_US = 3_600_000_000;

const instant = (us: number) => `(timestamptz 'epoch' + ${us} * interval '1 microsecond')`;

/** Units and kinds in which one metric of one device was stored. COPY takes no parameters, so this holds numbers alone. */
export interface HistorySpan {
  seriesIds: readonly number[];
  isText: boolean;
  fromUs: number;
  toUs: number;
}

export const FIND_SERIES = `
select q.ord::int - 1 as index, s.series_id::float8 as series_id, s.unit, s.kind = 'TEXT' as is_text
from unnest($1::uuid[], $2::text[]) with ordinality as q (device_id, metric, ord)
join telemetry.series s on s.device_id = q.device_id and s.metric = q.metric order by 1, 2`;

/**
 * An hour at a time, oldest first, up to three rows per series: packed, as they lie there; not packed; come late into packed
 * days. Arrays, because a row per reading would cost both sides more than reading it.
 */
export function copyHistory({ seriesIds, isText, fromUs, toUs }: HistorySpan): string {
  const ids = `'{${seriesIds.map(Number).join()}}'::int8[]`;
  const firstHour = instant(Math.floor(fromUs / HOUR_US) * HOUR_US);
  const rows = (view: string) => `
    select s.id, h.hour, null::int4[], a.at, a.value, null::int2[], a.text from unnest(${ids}) as s (id) cross join lateral (
      select array_agg(recorded_at) as at, array_agg(value) as value, ${isText ? 'array_agg(text)' : 'null::text[]'} as text
      from (select recorded_at, value, text from telemetry.${view}
        where series_id = s.id and recorded_at >= greatest(h.hour, ${instant(fromUs)})
          and recorded_at < least(h.hour + interval '1 hour', ${instant(toUs)}) and flags & ${SILENT_FLAGS} = 0
        order by recorded_at) r) a
    where a.at is not null`;
  return `copy (
    select r.* from (select hour from generate_series(${firstHour}, ${instant(toUs - 1)}, interval '1 hour') as hour offset 0) h
    cross join lateral (
      select c.series_id, c.bucket, c.at, null::timestamptz[], c.value, c.flags, ${isText ? 'c.text' : 'null::text[]'}
      from telemetry.organization_reading_chunk c where c.series_id = any(${ids}) and c.bucket = h.hour
      union all ${rows('organization_reading')}
      union all ${rows('organization_reading_late')}) r) to stdout (format binary)`;
}
