import { Collector } from '../collector.js';
import { MAX_READINGS_PER_MESSAGE } from '../limits.js';
import { readText, wholeMessage } from '../payload.js';
import type { DecodedReadings } from '../raw-reading.js';
import { LineParser, type Line } from './line-parser.js';

/** What a timestamp counts; nanoseconds unless the sender says otherwise. */
export const LINE_PRECISIONS = ['ns', 'us', 'ms', 's'] as const;
export type LinePrecision = (typeof LINE_PRECISIONS)[number];

/** Tags that say which device it is: the sender's credential says so already. */
const IDENTITY_TAGS: ReadonlySet<string> = new Set(['host', 'device']);

/** InfluxDB line protocol → readings. Never throws; a bad line never takes its neighbours with it. */
export function decodeLineProtocol(payload: Uint8Array, receivedAtUs: number, precision: LinePrecision = 'ns'): DecodedReadings {
  const text = readText(payload);
  if (typeof text !== 'string') return { readings: [], labels: [], refused: [text] };
  const into = new Collector(receivedAtUs);
  const lines = new LineParser(text);
  const [first, second] = [lines.next(), lines.next()];
  if (first === null) return { readings: [], labels: [], refused: [wholeMessage(payload, 'MALFORMED', 'There is no line in it.')] };
  // Lines without instants of their own are a microsecond apart, or they would be one reading.
  let undatedUs = second === null ? null : receivedAtUs;
  for (let line = first as ReturnType<LineParser['next']>, ahead = second; line !== null; line = ahead, ahead = ahead && lines.next()) {
    if (into.count > MAX_READINGS_PER_MESSAGE) {
      const detail = `More than ${MAX_READINGS_PER_MESSAGE} readings in one message.`;
      return { readings: [], labels: [], refused: [wholeMessage(payload, 'TOO_LARGE', detail)] };
    }
    if ('problem' in line) {
      into.refuse({ reason: 'MALFORMED', detail: `Line ${line.number}: ${line.problem}.`, payload: line.text });
      continue;
    }
    const recordedAtUs = line.timestamp === null ? undatedUs : microseconds(line.timestamp, precision);
    if (undatedUs !== null) undatedUs++;
    if (recordedAtUs !== null && !Number.isSafeInteger(recordedAtUs)) {
      into.refuse({ reason: 'MALFORMED', detail: `Line ${line.number}: the timestamp is beyond all calendars.`, payload: line.text });
      continue;
    }
    for (const [field, value] of line.fields) into.take(`Line ${line.number}: `, metricOf(line, field), value, recordedAtUs, null);
  }
  if (into.count <= MAX_READINGS_PER_MESSAGE) return into;
  const detail = `More than ${MAX_READINGS_PER_MESSAGE} readings in one message.`;
  return { readings: [], labels: [], refused: [wholeMessage(payload, 'TOO_LARGE', detail)] };
}

/**
 * A series of InfluxDB is a metric of ours: measurement, values of the tags in the order of their keys, field, joined by
 * points; a field named `value` is left out.
 */
function metricOf({ measurement, tags }: Line, field: string): string {
  const names = [measurement];
  const own = tags.filter(([key]) => !IDENTITY_TAGS.has(key));
  if (own.length > 1) own.sort(([a], [b]) => (a < b ? -1 : 1));
  for (const [, value] of own) names.push(value);
  if (field !== 'value') names.push(field);
  return names.join('.');
}

const PER_MICROSECOND = { us: 1n, ms: 1_000n, s: 1_000_000n };

function microseconds(timestamp: bigint, precision: LinePrecision): number {
  return Number(precision === 'ns' ? timestamp / 1_000n : timestamp * PER_MICROSECOND[precision]);
}
