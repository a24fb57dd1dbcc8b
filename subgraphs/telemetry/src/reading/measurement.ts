import type { RecordedReading } from '@pulsegraph/contracts';

/** A stored reading with the device that sent it: the shape behind `Reading`. */
export interface Measurement {
  deviceId: string;
  /** Null: the registry tells. */
  deviceKey: string | null;
  receivedAtUs: number;
  reading: RecordedReading;
}

export const measuredMs = ({ reading }: Measurement) => Math.floor(reading.recordedAtUs / 1000);
