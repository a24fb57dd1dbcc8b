import {
  MAX_FUTURE_SKEW_MS,
  ReadingFlag,
  type MetricEntry,
  type ProfileEntry,
  type RecordedReading,
  type RejectionReason,
} from '@pulsegraph/contracts';
import { conversionBetween } from '../unit/index.js';
import { nameOf, readingPayload, short } from '../refusal.js';
import type { RawReading, RefusedPart } from '../raw-reading.js';

export interface ValidationContext {
  profile: ProfileEntry;
  receivedAtUs: number;
  /** Older readings are refused as TOO_OLD. */
  rawRetentionDays: number;
}

export interface ValidatedReadings {
  readings: RecordedReading[];
  refused: RefusedPart[];
}

interface Limits {
  receivedAtUs: number;
  newestUs: number;
  oldestUs: number;
  lateBeforeUs: number;
}

const DAY_US = 86_400_000_000;
// Keyed by the entry itself: a changed profile is a new object, and the old map goes with the old one.
const metricsOf = new WeakMap<ProfileEntry, Map<string, MetricEntry>>();

function metricsByName(profile: ProfileEntry): Map<string, MetricEntry> {
  let metrics = metricsOf.get(profile);
  if (!metrics) metricsOf.set(profile, (metrics = new Map(profile.metrics.map((metric) => [metric.metric, metric]))));
  return metrics;
}

/** Holds each reading against the device's profile and the clock. One that fails never takes its neighbours with it. */
export function validateReadings(raw: readonly RawReading[], context: ValidationContext): ValidatedReadings {
  const { profile, receivedAtUs, rawRetentionDays } = context;
  const metrics = metricsByName(profile);
  const limits: Limits = {
    receivedAtUs,
    newestUs: receivedAtUs + MAX_FUTURE_SKEW_MS * 1000,
    oldestUs: receivedAtUs - rawRetentionDays * DAY_US,
    lateBeforeUs: receivedAtUs - profile.lateAfterMs * 1000,
  };
  const readings: RecordedReading[] = [];
  const refused: RefusedPart[] = [];
  // Batches mostly repeat one metric: look it up once.
  let name: string | undefined;
  let metric: MetricEntry | undefined;
  for (const reading of raw) {
    if (reading.metric !== name) {
      name = reading.metric;
      metric = metrics.get(name);
    }
    const result = metric === undefined ? unknownMetric(profile, reading) : validate(reading, metric, limits);
    if ('metric' in result) readings.push(result);
    else refused.push({ index: reading.index, ...result, payload: payloadOf(reading, receivedAtUs), encoding: 'UTF8' });
  }
  return { readings, refused };
}

type Verdict = RecordedReading | { reason: RejectionReason; detail: string };

function validate(raw: RawReading, metric: MetricEntry, limits: Limits): Verdict {
  const { kind } = metric;
  let value: number | null = null;
  let text: string | null = null;
  if (kind === 'NUMBER') {
    if (typeof raw.value !== 'number') return wrongType(raw, 'a number');
    value = raw.value;
    if (raw.unit !== null && raw.unit !== metric.unit) {
      const convert = conversionBetween(raw.unit, metric.unit);
      if (!convert) return unitMismatch(raw, metric);
      value = convert(value);
    }
    const { plausibleMin, plausibleMax } = metric;
    if ((plausibleMin !== null && value < plausibleMin) || (plausibleMax !== null && value > plausibleMax))
      return implausible(value, metric);
  } else if (kind === 'BOOLEAN') {
    if (typeof raw.value !== 'boolean') return wrongType(raw, 'true or false');
    value = raw.value ? 1 : 0;
  } else {
    if (typeof raw.value !== 'string') return wrongType(raw, 'text');
    if (metric.values && !metric.values.includes(raw.value)) return wrongType(raw, `one of ${metric.values.join(', ')}`);
    text = raw.value;
  }
  const recordedAtUs = raw.recordedAtUs ?? limits.receivedAtUs;
  if (recordedAtUs > limits.newestUs || recordedAtUs < limits.oldestUs) return outOfTime(raw.metric, recordedAtUs, limits);
  const flags = recordedAtUs < limits.lateBeforeUs ? raw.flags | ReadingFlag.LATE : raw.flags;
  return { metric: metric.metric, kind, unit: kind === 'NUMBER' ? metric.unit : '1', recordedAtUs, value, text, flags };
}

function payloadOf({ metric, value, recordedAtUs, unit }: RawReading, receivedAtUs: number): string {
  return readingPayload(metric, value, recordedAtUs ?? receivedAtUs, unit);
}

function unknownMetric(profile: ProfileEntry, { metric }: RawReading): Verdict {
  return { reason: 'UNKNOWN_METRIC', detail: `The profile "${profile.name}" defines no metric "${short(metric)}".` };
}

function wrongType({ metric, value }: RawReading, wanted: string): Verdict {
  const given = typeof value === 'string' ? `"${short(value)}"` : nameOf(value);
  return { reason: 'WRONG_TYPE', detail: `${metric} must be ${short(wanted, 200)}; it is ${given}.` };
}

function unitMismatch({ metric, unit }: RawReading, { unit: wanted }: MetricEntry): Verdict {
  return { reason: 'UNIT_MISMATCH', detail: `${metric} came in "${short(unit ?? '')}", which does not convert to ${wanted}.` };
}

function implausible(value: number, { metric, unit, plausibleMin, plausibleMax }: MetricEntry): Verdict {
  const range = `${plausibleMin ?? '−∞'} to ${plausibleMax ?? '∞'}`;
  return { reason: 'IMPLAUSIBLE', detail: `${metric} is ${value} ${unit}; plausible is ${range}.` };
}

function outOfTime(metric: string, recordedAtUs: number, { receivedAtUs, newestUs }: Limits): Verdict {
  const minutes = Math.round(Math.abs(recordedAtUs - receivedAtUs) / 60e6);
  return recordedAtUs > newestUs
    ? { reason: 'IN_THE_FUTURE', detail: `${metric} is dated ${minutes} minutes ahead of the platform clock.` }
    : { reason: 'TOO_OLD', detail: `${metric} is dated ${Math.round(minutes / 1440)} days back, beyond the retention of raw readings.` };
}
