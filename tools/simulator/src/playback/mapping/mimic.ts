import { VITAL_SIGNS } from '@pulsegraph/contracts';
import type { MetricInput, ProfileInput } from '../../fleet/fleet.js';
import { keyPart, type Mapping } from './mapping.js';

const every = 'PT1M';
const invasive = (metric: string, name: string, loinc: string): MetricInput => ({
  metric,
  name,
  loinc,
  unit: 'mm[Hg]',
  plausibleMin: 0,
  plausibleMax: 350,
  expectedInterval: every,
});

const COLUMNS: Record<string, MetricInput> = {
  HR_bpm: {
    metric: 'heartRate',
    ...VITAL_SIGNS.heartRate,
    normalMin: 50,
    normalMax: 100,
    alertMin: 40,
    alertMax: 130,
    plausibleMin: 0,
    plausibleMax: 350,
    expectedInterval: every,
  },
  PULSE_bpm: {
    metric: 'pulse',
    ...VITAL_SIGNS.pulse,
    normalMin: 50,
    normalMax: 100,
    alertMin: 40,
    alertMax: 130,
    plausibleMin: 0,
    plausibleMax: 350,
    expectedInterval: every,
  },
  RESP_pm: {
    metric: 'respiration',
    ...VITAL_SIGNS.respiration,
    normalMin: 10,
    normalMax: 22,
    alertMin: 8,
    alertMax: 28,
    plausibleMin: 0,
    plausibleMax: 150,
    expectedInterval: every,
  },
  'SpO2_%': {
    metric: 'spo2',
    ...VITAL_SIGNS.spo2,
    normalMin: 94,
    normalMax: 100,
    alertMin: 90,
    plausibleMin: 0,
    plausibleMax: 100,
    expectedInterval: every,
  },
  ABPSys_mmHg: {
    ...invasive('arterialSystolic', 'Arterial systolic pressure', '8480-6'),
    normalMin: 100,
    normalMax: 150,
    alertMin: 85,
    alertMax: 185,
  },
  ABPDias_mmHg: { ...invasive('arterialDiastolic', 'Arterial diastolic pressure', '8462-4'), normalMin: 50, normalMax: 95 },
  ABPMean_mmHg: { ...invasive('arterialMean', 'Arterial mean pressure', '8478-0'), normalMin: 65, normalMax: 110 },
  NBPSys_mmHg: {
    ...invasive('systolic', VITAL_SIGNS.systolic.name, VITAL_SIGNS.systolic.loinc),
    normalMin: 100,
    normalMax: 150,
    alertMin: 85,
    alertMax: 185,
    expectedInterval: 'PT15M',
  },
  NBPDias_mmHg: {
    ...invasive('diastolic', VITAL_SIGNS.diastolic.name, VITAL_SIGNS.diastolic.loinc),
    normalMin: 50,
    normalMax: 95,
    expectedInterval: 'PT15M',
  },
  NBPMean_mmHg: {
    ...invasive('meanPressure', VITAL_SIGNS.meanPressure.name, VITAL_SIGNS.meanPressure.loinc),
    normalMin: 65,
    normalMax: 110,
    expectedInterval: 'PT15M',
  },
};

const PROFILE: ProfileInput = {
  key: 'mimic-monitor',
  name: 'Intensive care monitor',
  domain: 'CLINICAL',
  offlineAfter: 'PT2M',
  metrics: Object.values(COLUMNS),
};

/** MIMIC-II numerics: a bedside monitor at one row a minute, in which 0 or nothing means not measured. */
export const MIMIC: Mapping = {
  name: 'MIMIC-II numerics',
  delimiter: ',',
  matches: (header) => header.includes('seconds') && header.includes('HR_bpm'),
  device: (fileName) => {
    const subject = fileName.split('-')[0] ?? fileName;
    return {
      key: `mimic-${keyPart(subject)}`,
      name: `ICU monitor ${subject}`,
      profile: PROFILE,
      asset: [
        { name: 'St. Elsewhere', kind: 'SITE' },
        { name: 'Intensive care', kind: 'WARD' },
        { name: `Bed ${subject}`, kind: 'BED' },
      ],
      labels: [{ key: 'recording', value: 'mimic' }],
      patient: { displayName: `Recorded patient ${subject}`, recordNumber: `MIMIC-${subject}`, birthDate: '1940-01-01' },
    };
  },
  row: (record) => {
    const values: Record<string, number> = {};
    for (const [column, { metric }] of Object.entries(COLUMNS)) {
      const value = Number(record[column] ?? '');
      if (value !== 0 && Number.isFinite(value)) values[metric] = value;
    }
    return Object.keys(values).length === 0 ? null : { atMs: Number(record.seconds) * 1_000, values };
  },
};
