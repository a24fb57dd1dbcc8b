import { MAX_TEXT_BYTES } from './limits.js';
import type { DecodedReadings, RawReading, RawValue, RefusedPart } from './raw-reading.js';
import { nameOf, readingPayload, short } from './refusal.js';

/** Collects what one message holds, and numbers it. */
export class Collector implements DecodedReadings {
  readonly readings: RawReading[] = [];
  readonly refused: RefusedPart[] = [];
  readonly labels: DecodedReadings['labels'] = [];
  count = 0;

  constructor(private readonly receivedAtUs: number) {}

  /** @param place Where the reading stands, for the detail of a refusal, for example `[3]`. */
  take(place: string, metric: string, value: unknown, recordedAtUs: number | null, unit: string | null): void {
    const kind = typeof value;
    if (kind === 'number' ? Number.isFinite(value) : kind === 'boolean' || (kind === 'string' && fits(value as string))) {
      this.readings.push({ index: this.count++, metric, value: value as RawValue, recordedAtUs, unit, flags: 0 });
      return;
    }
    const reason = kind === 'string' ? 'TOO_LARGE' : 'WRONG_TYPE';
    const what = kind === 'string' ? `is longer than ${MAX_TEXT_BYTES} bytes` : `is ${nameOf(value)}, not a number, true, false or text`;
    const payload = readingPayload(metric, value, recordedAtUs ?? this.receivedAtUs, unit);
    this.refuse({ reason, detail: `${place}${short(metric)}: the value ${what}.`, payload });
  }

  refuse({ reason, detail, payload }: Pick<RefusedPart, 'reason' | 'detail' | 'payload'>): void {
    this.refused.push({ index: this.count++, reason, detail, payload, encoding: 'UTF8' });
  }

  label(key: string, value: unknown): void {
    if (typeof value !== 'string' || value === '' || !fits(value)) return;
    const known = this.labels.find((label) => label.key === key);
    if (known) known.value = value;
    else this.labels.push({ key, value });
  }
}

function fits(text: string): boolean {
  // A UTF-16 unit is at most three bytes of UTF-8.
  return text.length * 3 <= MAX_TEXT_BYTES || Buffer.byteLength(text) <= MAX_TEXT_BYTES;
}
