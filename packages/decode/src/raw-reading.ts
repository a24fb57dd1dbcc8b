import type { RejectionReason } from '@pulsegraph/contracts';

export type RawValue = number | boolean | string;

/** A reading as a device wrote it, before its profile is asked. */
export interface RawReading {
  /** Its place among the readings of the message, refused ones counted. */
  index: number;
  metric: string;
  value: RawValue;
  /** Microseconds since 1970 by the device's clock; null when the device left it to us. */
  recordedAtUs: number | null;
  /** As written; null means the profile's. */
  unit: string | null;
  /** `ReadingFlag` bits that the device set. */
  flags: number;
}

/** Something of a message that was refused, in a form that can be decoded again alone. */
export interface RefusedPart {
  /** Its place among the readings of the message; a part that holds no reading counts as one. */
  index: number;
  reason: RejectionReason;
  /** One sentence for a person. */
  detail: string;
  payload: string;
  encoding: 'UTF8' | 'BASE64';
}

export interface Label {
  key: string;
  value: string;
}

export interface DecodedReadings {
  readings: RawReading[];
  /** What the device says of itself beside its readings, the last word per key. */
  labels: Label[];
  refused: RefusedPart[];
}
