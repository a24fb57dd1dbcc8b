import type { SignalOptions } from '../signal/signal.js';

export type FleetName = 'factory' | 'ward' | 'all';

/** A metric as `DeviceProfileInput` wants it; durations in ISO 8601. */
export interface MetricInput {
  metric: string;
  name: string;
  unit: string;
  loinc?: string;
  normalMin?: number;
  normalMax?: number;
  alertMin?: number;
  alertMax?: number;
  plausibleMin?: number;
  plausibleMax?: number;
  expectedInterval: string;
}

export interface ProfileInput {
  key: string;
  name: string;
  domain: 'INDUSTRIAL' | 'CLINICAL' | 'GENERIC';
  offlineAfter: string;
  metrics: MetricInput[];
}

export type AssetPath = readonly { name: string; kind: 'SITE' | 'AREA' | 'LINE' | 'MACHINE' | 'WARD' | 'ROOM' | 'BED' | 'OTHER' }[];

export interface SimulatedDevice {
  key: string;
  name: string;
  profile: ProfileInput;
  /** From the root of the asset tree down to where the device stands. */
  asset: AssetPath;
  labels: { key: string; value: string }[];
  patient?: { displayName: string; recordNumber: string; birthDate: string };
  intervalMs: number;
  signals: Record<string, SignalOptions>;
}
