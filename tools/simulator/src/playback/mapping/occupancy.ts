import type { MetricInput, ProfileInput } from '../../fleet/fleet.js';
import { keyPart, parseWallClockMs, type Mapping } from './mapping.js';

const COLUMNS: Record<string, MetricInput> = {
  Temperature: {
    metric: 'temperature',
    name: 'Temperature',
    unit: 'Cel',
    normalMin: 18,
    normalMax: 24,
    alertMin: 15,
    alertMax: 28,
    expectedInterval: 'PT1M',
  },
  Humidity: {
    metric: 'humidity',
    name: 'Relative humidity',
    unit: '%',
    normalMin: 20,
    normalMax: 60,
    alertMin: 15,
    alertMax: 70,
    expectedInterval: 'PT1M',
  },
  Light: { metric: 'light', name: 'Light', unit: 'lx', normalMin: 0, normalMax: 1_000, expectedInterval: 'PT1M' },
  CO2: {
    metric: 'co2',
    name: 'Carbon dioxide',
    unit: '[ppm]',
    normalMin: 400,
    normalMax: 1_000,
    alertMax: 1_500,
    expectedInterval: 'PT1M',
  },
};

const PROFILE: ProfileInput = {
  key: 'room-climate',
  name: 'Room climate sensor',
  domain: 'GENERIC',
  offlineAfter: 'PT5M',
  metrics: Object.values(COLUMNS),
};

/** UCI occupancy: an office room, one row a minute. Its header lacks the row number's column. */
export const OCCUPANCY: Mapping = {
  name: 'UCI occupancy',
  delimiter: ',',
  matches: (header) => header.includes('CO2') && header.includes('HumidityRatio'),
  device: (fileName) => ({
    key: `room-${keyPart(fileName)}`,
    name: `Office room ${fileName}`,
    profile: PROFILE,
    asset: [
      { name: 'Office building', kind: 'SITE' },
      { name: `Room ${fileName}`, kind: 'ROOM' },
    ],
    labels: [{ key: 'recording', value: 'uci-occupancy' }],
  }),
  row: (record) => {
    const values = Object.fromEntries(Object.entries(COLUMNS).map(([column, { metric }]) => [metric, Number(record[column])]));
    return { atMs: parseWallClockMs(record.date ?? ''), values };
  },
};
