import { Collector } from '../collector.js';
import { MAX_MESSAGE_BYTES, MAX_READINGS_PER_MESSAGE } from '../limits.js';
import { readText, tooLarge, wholeMessage } from '../payload.js';
import type { DecodedReadings, RefusedPart } from '../raw-reading.js';
import { jsonOf, nameOf, short } from '../refusal.js';
import { TooManyValues, decodeCbor, type Cbor } from './cbor.js';

export type SenmlEncoding = 'json' | 'cbor';

type Fields = Record<string, unknown>;

/** RFC 8428 §6, table 4. */
const LABELS: ReadonlyMap<number, string> = new Map([
  [-1, 'bver'],
  [-2, 'bn'],
  [-3, 'bt'],
  [-4, 'bu'],
  [-5, 'bv'],
  [-6, 'bs'],
  [0, 'n'],
  [1, 'u'],
  [2, 'v'],
  [3, 'vs'],
  [4, 'vb'],
  [5, 's'],
  [6, 't'],
  [7, 'ut'],
  [8, 'vd'],
]);
/** Of the SenML registry, where it is not UCUM. */
const UNITS: ReadonlyMap<string, string> = new Map([
  ['%RH', '%'],
  ['%EL', '%'],
  ['/', '1'],
  ['count', '1'],
  ['beats', '1'],
  ['beat/min', '/min'],
  ['1/s', '/s'],
  ['1/min', '/min'],
  ['lat', 'deg'],
  ['lon', 'deg'],
]);
const HIGHEST_VERSION = 10;
/** A record has at most nine fields beside the base ones. */
const MAX_CBOR_VALUES = MAX_READINGS_PER_MESSAGE * 20;
/** §4.5.3: a smaller time counts from now. */
const RELATIVE_BELOW_S = 2 ** 28;

/** SenML, RFC 8428 → readings. Never throws; a bad record never takes its neighbours with it. */
export function decodeSenml(
  payload: Uint8Array,
  options: { deviceKey: string; receivedAtUs: number },
  encoding?: SenmlEncoding,
): DecodedReadings {
  // A pack is a list: in CBOR its first byte is 0x80 to 0x9f, which begins no JSON.
  const document = (encoding ?? (payload[0]! >> 5 === 4 ? 'cbor' : 'json')) === 'cbor' ? fromCbor(payload) : fromJson(payload);
  if ('refused' in document) return whole(document.refused);
  const { pack } = document;
  if (!Array.isArray(pack) || pack.length === 0)
    return whole(
      wholeMessage(payload, 'MALFORMED', `A SenML pack is a list of records, not ${Array.isArray(pack) ? 'an empty list' : nameOf(pack)}.`),
    );
  if (pack.length > MAX_READINGS_PER_MESSAGE)
    return whole(wholeMessage(payload, 'TOO_LARGE', `More than ${MAX_READINGS_PER_MESSAGE} records in one message.`));
  return new Pack(options).read(pack);
}

function whole(part: RefusedPart): DecodedReadings {
  return { readings: [], labels: [], refused: [part] };
}

type Document = { pack: unknown } | { refused: RefusedPart };

function fromJson(payload: Uint8Array): Document {
  const text = readText(payload);
  if (typeof text !== 'string') return { refused: text };
  try {
    return { pack: JSON.parse(text) as unknown };
  } catch (error) {
    return { refused: wholeMessage(payload, 'MALFORMED', short(`Not JSON: ${(error as Error).message}.`, 200)) };
  }
}

function fromCbor(payload: Uint8Array): Document {
  if (payload.length > MAX_MESSAGE_BYTES) return { refused: tooLarge(payload, payload.length) };
  try {
    const document = decodeCbor(payload, MAX_CBOR_VALUES);
    return { pack: Array.isArray(document) ? document.map(named) : document };
  } catch (error) {
    if (error instanceof TooManyValues)
      return { refused: wholeMessage(payload, 'TOO_LARGE', `More than ${MAX_READINGS_PER_MESSAGE} records in one message.`) };
    return { refused: wholeMessage(payload, 'MALFORMED', short(`Not CBOR of ours: ${(error as Error).message}.`, 200)) };
  }
}

function named(record: Cbor): unknown {
  if (!(record instanceof Map)) return record;
  return Object.fromEntries([...record].map(([key, value]) => [typeof key === 'number' ? (LABELS.get(key) ?? String(key)) : key, value]));
}

class Pack {
  private readonly into: Collector;
  private base = { name: '', timeS: 0, unit: null as string | null, value: 0 };
  private readonly undated = new Map<string, number>();

  constructor(private readonly options: { deviceKey: string; receivedAtUs: number }) {
    this.into = new Collector(options.receivedAtUs);
  }

  read(pack: readonly unknown[]): DecodedReadings {
    pack.forEach((record, i) => {
      const problem =
        typeof record !== 'object' || record === null || Array.isArray(record)
          ? `is ${nameOf(record)}, not a record`
          : this.record(record as Fields);
      if (problem !== null) this.into.refuse({ reason: 'MALFORMED', detail: `[${i}] ${problem}.`, payload: this.alone(record) });
    });
    return this.into;
  }

  /** @returns What is wrong with it, or null. */
  private record(record: Fields): string | null {
    const { bver, bn, bt, bu, bv, n, t, u, v, vs, vb, vd, s } = record;
    if (bver !== undefined && !(typeof bver === 'number' && bver <= HIGHEST_VERSION)) return `needs SenML version ${short(jsonOf(bver))}`;
    const unknown = Object.keys(record).find((key) => key.endsWith('_'));
    if (unknown !== undefined) return `has the field ${short(unknown)}, which must be understood and is not`;
    for (const [field, value, kind] of [
      ['bn', bn, 'string'],
      ['bt', bt, 'number'],
      ['bu', bu, 'string'],
      ['bv', bv, 'number'],
      ['n', n, 'string'],
      ['t', t, 'number'],
      ['u', u, 'string'],
      ['v', v, 'number'],
      ['vs', vs, 'string'],
      ['vb', vb, 'boolean'],
    ] as const)
      // prettier-ignore
      if (value !== undefined && typeof value !== kind) return `has ${nameOf(value)} for ${field}`;
    if (bn !== undefined) this.base.name = bn as string;
    if (bt !== undefined) this.base.timeS = bt as number;
    if (bu !== undefined) this.base.unit = bu as string;
    if (bv !== undefined) this.base.value = bv as number;

    const values = [v, vs, vb, vd].filter((value) => value !== undefined);
    if (values.length > 1) return 'has more than one value';
    if (vd !== undefined) return 'holds data (vd), which no metric keeps';
    const [value] = values;
    if (value === undefined) {
      if (s !== undefined) return 'holds a sum (s) alone, which no metric keeps';
      return n === undefined && t === undefined && u === undefined ? null : 'has no value';
    }
    const metric = this.metricOf(this.base.name + ((n as string | undefined) ?? ''));
    if (metric === '') return 'has no name';
    const recordedAtUs = this.instantUs(metric, this.base.timeS + ((t as number | undefined) ?? 0));
    if (recordedAtUs === undefined) return 'has a time beyond all calendars';
    const unit = (u as string | undefined) ?? this.base.unit;
    const sum = typeof value === 'number' && this.base.value !== 0 ? value + this.base.value : value;
    this.into.take('', metric, sum, recordedAtUs, typeof value === 'number' && unit !== null ? (UNITS.get(unit) ?? unit) : null);
    return null;
  }

  /** Names are made unique in the world by what stands in front; the sender's credential did that already. */
  private metricOf(name: string): string {
    const { deviceKey } = this.options;
    const local = name.slice(name.lastIndexOf(':') + 1);
    return local.startsWith(`${deviceKey}/`) ? local.slice(deviceKey.length + 1) : local;
  }

  private instantUs(metric: string, timeS: number): number | null | undefined {
    const { receivedAtUs } = this.options;
    const offsetUs = Math.round(timeS * 1e6);
    if (!Number.isSafeInteger(offsetUs)) return undefined;
    if (timeS >= RELATIVE_BELOW_S) return offsetUs;
    if (offsetUs !== 0) return receivedAtUs + offsetUs;
    // Two of one metric without a time are a microsecond apart, or they would be one reading.
    const nth = this.undated.get(metric) ?? 0;
    this.undated.set(metric, nth + 1);
    return nth === 0 ? null : receivedAtUs + nth;
  }

  /** A pack of this record alone, with what earlier ones said for it. */
  private alone(record: unknown): string {
    const { name, timeS, unit, value } = this.base;
    const base = { ...(name && { bn: name }), ...(timeS && { bt: timeS }), ...(unit && { bu: unit }), ...(value && { bv: value }) };
    const isRecord = typeof record === 'object' && record !== null && !Array.isArray(record);
    return jsonOf([isRecord ? { ...base, ...record } : record]);
  }
}
