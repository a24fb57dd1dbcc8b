import { VITAL_SIGNS } from '@pulsegraph/contracts';
import type { MetricInput, ProfileInput, SimulatedDevice } from './fleet.js';

type Vital = keyof typeof VITAL_SIGNS;

const vital = (metric: Vital, limits: Omit<MetricInput, 'metric' | 'name' | 'unit' | 'loinc'>): MetricInput => ({
  metric,
  ...VITAL_SIGNS[metric],
  ...limits,
});

/** Limits as a general ward sets them; a person's own belong in a rule. */
export const BEDSIDE_MONITOR: ProfileInput = {
  key: 'bedside-monitor',
  name: 'Bedside monitor',
  domain: 'CLINICAL',
  offlineAfter: 'PT30S',
  metrics: [
    vital('heartRate', {
      normalMin: 50,
      normalMax: 100,
      alertMin: 40,
      alertMax: 130,
      plausibleMin: 0,
      plausibleMax: 350,
      expectedInterval: 'PT2S',
    }),
    vital('spo2', { normalMin: 94, normalMax: 100, alertMin: 90, plausibleMin: 0, plausibleMax: 100, expectedInterval: 'PT2S' }),
    vital('respiration', {
      normalMin: 10,
      normalMax: 22,
      alertMin: 8,
      alertMax: 28,
      plausibleMin: 0,
      plausibleMax: 150,
      expectedInterval: 'PT2S',
    }),
    vital('systolic', {
      normalMin: 100,
      normalMax: 150,
      alertMin: 85,
      alertMax: 185,
      plausibleMin: 0,
      plausibleMax: 350,
      expectedInterval: 'PT10S',
    }),
    vital('diastolic', {
      normalMin: 55,
      normalMax: 95,
      alertMin: 40,
      alertMax: 120,
      plausibleMin: 0,
      plausibleMax: 300,
      expectedInterval: 'PT10S',
    }),
    vital('temperature', {
      normalMin: 36,
      normalMax: 38,
      alertMin: 35,
      alertMax: 39.5,
      plausibleMin: 20,
      plausibleMax: 45,
      expectedInterval: 'PT10S',
    }),
  ],
};

const CENTRES: Partial<Record<Vital, { centre: number; spread: number; decimals: number; anomalies: number[] }>> = {
  heartRate: { centre: 74, spread: 5, decimals: 0, anomalies: [64, -38] },
  spo2: { centre: 97, spread: 0.8, decimals: 0, anomalies: [-9] },
  respiration: { centre: 15, spread: 1.5, decimals: 0, anomalies: [15] },
  systolic: { centre: 122, spread: 6, decimals: 0, anomalies: [-42] },
  diastolic: { centre: 74, spread: 4, decimals: 0, anomalies: [] },
  temperature: { centre: 36.9, spread: 0.15, decimals: 1, anomalies: [] },
};

/** People who do not exist. */
const PATIENTS = [
  { displayName: 'Amina Haddad', recordNumber: 'MRN-1001', birthDate: '1958-03-14' },
  { displayName: 'Bengt Lindqvist', recordNumber: 'MRN-1002', birthDate: '1971-11-02' },
  { displayName: 'Chiara Moretti', recordNumber: 'MRN-1003', birthDate: '1989-07-27' },
  { displayName: 'Daniel Okafor', recordNumber: 'MRN-1004', birthDate: '1946-01-09' },
];

/** Patients are less often in trouble than machines: an alert a minute would teach nobody anything. */
const ANOMALY_SHARE = 0.01;

export const WARD: SimulatedDevice[] = PATIENTS.map((patient, index) => {
  const bed = index + 1;
  return {
    key: `monitor-${String(bed).padStart(3, '0')}`,
    name: `Monitor bed ${bed}`,
    profile: BEDSIDE_MONITOR,
    asset: [
      { name: 'St. Elsewhere', kind: 'SITE' },
      { name: 'Ward 3', kind: 'WARD' },
      { name: `Bed ${bed}`, kind: 'BED' },
    ],
    labels: [{ key: 'location', value: 'ward-3' }],
    patient,
    intervalMs: 2_000,
    signals: Object.fromEntries(
      Object.entries(CENTRES).map(([metric, { centre, spread, decimals, anomalies }]) => [
        metric,
        {
          centre: centre + (index - 1.5) * spread * 0.5,
          spread,
          min: centre - 4 * spread,
          max: metric === 'spo2' ? 100 : centre + 4 * spread,
          anomalies,
          anomalyShare: anomalies.length > 0 ? ANOMALY_SHARE : 0,
          decimals,
        },
      ]),
    ),
  };
});
