import { MAX_READINGS_PER_MESSAGE } from '../limits.js';
import { instantUs } from '../instant.js';
import { readText } from '../payload.js';
import type { DecodedReadings, RefusedPart } from '../raw-reading.js';
import { jsonOf, nameOf, short } from '../refusal.js';
import { Collector } from '../collector.js';

export interface PulseOptions {
  /** The device of the topic; null when nothing but the payload names one. */
  deviceKey: string | null;
  receivedAtUs: number;
}

/** Readings in any form of our dialect; see docs. Never throws: what cannot be used is refused with a reason. */
export function decodePulse(payload: Uint8Array, options: PulseOptions): DecodedReadings {
  const text = readText(payload);
  if (typeof text !== 'string') return nothing(text);
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    return nothing({
      index: 0,
      reason: 'MALFORMED',
      detail: short(`Not JSON: ${(error as Error).message}.`, 200),
      payload: text,
      encoding: 'UTF8',
    });
  }
  return decodePulseDocument(document, options, text);
}

/**
 * The same for JSON that is parsed already.
 * @param text The document as it was sent, for refusing it whole.
 */
export function decodePulseDocument(document: unknown, options: PulseOptions, text?: string): DecodedReadings {
  const into = new Collector(options.receivedAtUs);
  if (!Array.isArray(document)) {
    decodeItem(document, '', null, options, into);
  } else if (document.length === 0) {
    into.refuse({ reason: 'MALFORMED', detail: 'The list is empty.', payload: '[]' });
  } else {
    // Readings of a list without instants of their own are a microsecond apart, or they would be one reading.
    for (let i = 0; i < document.length && into.count <= MAX_READINGS_PER_MESSAGE; i++) {
      decodeItem(document[i], `[${i}]`, options.receivedAtUs + i, options, into);
    }
  }
  if (into.count <= MAX_READINGS_PER_MESSAGE) return into;
  const detail = `More than ${MAX_READINGS_PER_MESSAGE} readings in one message.`;
  return nothing({ index: 0, reason: 'TOO_LARGE', detail, payload: text ?? jsonOf(document), encoding: 'UTF8' });
}

type Item = Record<string, unknown>;

function decodeItem(item: unknown, place: string, nowUs: number | null, options: PulseOptions, into: Collector): void {
  if (typeof item !== 'object' || item === null || Array.isArray(item)) {
    return malformed(item, `${place || 'The payload'} is ${nameOf(item)}, not an object.`, into);
  }
  const fields = item as Item;
  if (fields.values !== undefined) decodeValues(fields, place, nowUs, into);
  else if (fields.v !== undefined) decodeColumns(fields, place, nowUs, options, into);
  else if (fields.sensorType !== undefined) decodeSensor(fields, place, nowUs, options, into);
  else malformed(item, `${place || 'The payload'} has none of "values", "v" and "sensorType".`, into);
}

/** `{"ts": …, "values": {…}}` */
function decodeValues(item: Item, place: string, nowUs: number | null, into: Collector): void {
  const recordedAtUs = item.ts == null ? nowUs : instantUs(item.ts);
  if (recordedAtUs === undefined) return malformed(item, badInstant(`${place}ts`, item.ts), into);
  const values = item.values;
  if (typeof values !== 'object' || values === null || Array.isArray(values)) {
    return malformed(item, `${place}values is ${nameOf(values)}, not an object.`, into);
  }
  const before = into.count;
  const prefix = place && `${place}.`;
  for (const metric in values) into.take(prefix, metric, (values as Item)[metric], recordedAtUs, null);
  if (into.count === before) malformed(item, `${place}values is empty.`, into);
}

/** `{"metric": …, "t0": …, "dt": […], "v": […]}`: instants are t0 + dt, in milliseconds. */
function decodeColumns(item: Item, place: string, nowUs: number | null, options: PulseOptions, into: Collector): void {
  const { metric, v, dt } = item;
  if (typeof metric !== 'string') return malformed(item, `${place}metric is ${nameOf(metric)}, not a name.`, into);
  if (!Array.isArray(v) || v.length === 0) return malformed(item, `${place}v is no list of values.`, into);
  const t0Us = item.t0 == null ? (nowUs ?? options.receivedAtUs) : instantUs(item.t0);
  if (t0Us === undefined) return malformed(item, badInstant(`${place}t0`, item.t0), into);
  const unit = unitOf(item);
  if (unit === undefined) return malformed(item, `${place}unit is ${nameOf(item.unit)}, not text.`, into);
  if (dt === undefined ? v.length !== 1 : !Array.isArray(dt) || dt.length !== v.length) {
    return malformed(item, `${place}dt must be a list of ${v.length} offsets in milliseconds, one for each value.`, into);
  }
  if (into.count + v.length > MAX_READINGS_PER_MESSAGE) {
    into.count = MAX_READINGS_PER_MESSAGE + 1;
    return;
  }
  const offsets = dt as unknown[] | undefined;
  for (let i = 0; i < v.length; i++) {
    const offset = offsets === undefined ? 0 : offsets[i];
    const recordedAtUs = typeof offset === 'number' ? t0Us + Math.round(offset * 1000) : NaN;
    if (Number.isSafeInteger(recordedAtUs)) into.take(place && `${place}.`, metric, v[i], recordedAtUs, unit);
    else malformed({ ...item, dt: [offset], v: [v[i]] }, `${place}dt[${i}] is no number of milliseconds.`, into);
  }
}

/** `{"deviceId": …, "timestamp": …, "sensorType": …, "value": …, "unit": …, "location": …, "status": …}` */
function decodeSensor(item: Item, place: string, nowUs: number | null, { deviceKey }: PulseOptions, into: Collector): void {
  const { deviceId, sensorType } = item;
  if (deviceKey !== null && deviceId !== undefined && deviceId !== deviceKey) {
    const named = typeof deviceId === 'string' ? `"${short(deviceId)}"` : nameOf(deviceId);
    return into.refuse({
      reason: 'DEVICE_MISMATCH',
      detail: `${place}deviceId is ${named}; the message came from "${deviceKey}".`,
      payload: jsonOf(item),
    });
  }
  if (typeof sensorType !== 'string') return malformed(item, `${place}sensorType is ${nameOf(sensorType)}, not a name.`, into);
  const recordedAtUs = item.timestamp == null ? nowUs : instantUs(item.timestamp);
  if (recordedAtUs === undefined) return malformed(item, badInstant(`${place}timestamp`, item.timestamp), into);
  const unit = unitOf(item);
  if (unit === undefined) return malformed(item, `${place}unit is ${nameOf(item.unit)}, not text.`, into);
  into.take(place && `${place}.`, sensorType, item.value ?? null, recordedAtUs, unit);
  into.label('location', item.location);
  into.label('status', item.status);
}

/** Null when absent; undefined when it is no text. */
function unitOf({ unit }: Item): string | null | undefined {
  if (unit === undefined || unit === null) return null;
  return typeof unit === 'string' && unit.length <= 64 ? unit : undefined;
}

function malformed(item: unknown, detail: string, into: Collector): void {
  // A list within a list would read as a batch if it stood alone.
  into.refuse({ reason: 'MALFORMED', detail, payload: jsonOf(Array.isArray(item) ? [item] : item) });
}

function badInstant(place: string, value: unknown): string {
  const given = typeof value === 'string' ? `"${short(value)}"` : typeof value === 'number' ? String(value) : nameOf(value);
  return `${place} is ${given}: neither epoch milliseconds nor RFC 3339 with a zone.`;
}

function nothing(part: RefusedPart): DecodedReadings {
  return { readings: [], labels: [], refused: [part] };
}
