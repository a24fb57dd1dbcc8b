import type { MetricInput, ProfileInput } from '../../fleet/fleet.js';
import { keyPart, parseWallClockMs, type Mapping } from './mapping.js';

const COLUMNS: Record<string, MetricInput> = {
  Accelerometer1RMS: {
    metric: 'accelerometer1',
    name: 'Accelerometer 1',
    unit: '[g]',
    normalMin: 0,
    normalMax: 0.3,
    alertMax: 1,
    expectedInterval: 'PT1S',
  },
  Accelerometer2RMS: {
    metric: 'accelerometer2',
    name: 'Accelerometer 2',
    unit: '[g]',
    normalMin: 0,
    normalMax: 0.3,
    alertMax: 1,
    expectedInterval: 'PT1S',
  },
  Current: { metric: 'current', name: 'Motor current', unit: 'A', normalMin: 0, normalMax: 3.3, alertMax: 5, expectedInterval: 'PT1S' },
  Pressure: {
    metric: 'pressure',
    name: 'Pressure',
    unit: 'bar',
    normalMin: -0.7,
    normalMax: 0.8,
    alertMin: -1.2,
    alertMax: 1.2,
    expectedInterval: 'PT1S',
  },
  Temperature: {
    metric: 'temperature',
    name: 'Motor temperature',
    unit: 'Cel',
    normalMin: 60,
    normalMax: 92,
    alertMax: 95,
    expectedInterval: 'PT1S',
  },
  Thermocouple: {
    metric: 'thermocouple',
    name: 'Water temperature',
    unit: 'Cel',
    normalMin: 20,
    normalMax: 30,
    alertMax: 35,
    expectedInterval: 'PT1S',
  },
  Voltage: {
    metric: 'voltage',
    name: 'Voltage',
    unit: 'V',
    normalMin: 205,
    normalMax: 253,
    alertMin: 195,
    alertMax: 260,
    expectedInterval: 'PT1S',
  },
  'Volume Flow RateRMS': {
    metric: 'flow',
    name: 'Volume flow',
    unit: 'L/min',
    normalMin: 30,
    normalMax: 130,
    alertMin: 28,
    expectedInterval: 'PT1S',
  },
};

const PROFILE: ProfileInput = {
  key: 'skab-water-rig',
  name: 'Water circulation rig',
  domain: 'INDUSTRIAL',
  offlineAfter: 'PT30S',
  metrics: Object.values(COLUMNS),
};

/** Skoltech Anomaly Benchmark: a pump and valves, eight sensors at 1 Hz. The label columns are left out. */
export const SKAB: Mapping = {
  name: 'SKAB',
  delimiter: ';',
  matches: (header) => header.includes('Volume Flow RateRMS') && header.includes('datetime'),
  device: (fileName, folderName) => ({
    key: `skab-${keyPart(folderName)}-${keyPart(fileName)}`,
    name: `Water rig ${folderName} ${fileName}`,
    profile: PROFILE,
    asset: [
      { name: 'Water laboratory', kind: 'SITE' },
      { name: `Rig ${folderName}`, kind: 'MACHINE' },
    ],
    labels: [{ key: 'recording', value: 'skab' }],
  }),
  row: (record) => {
    const values: Record<string, number> = {};
    for (const [column, { metric }] of Object.entries(COLUMNS)) {
      const value = Number(record[column]);
      if (record[column] && Number.isFinite(value)) values[metric] = value;
    }
    return { atMs: parseWallClockMs(record.datetime ?? ''), values };
  },
};
