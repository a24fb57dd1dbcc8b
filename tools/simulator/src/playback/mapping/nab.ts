import { keyPart, parseWallClockMs, type Mapping } from './mapping.js';

/** What a file's name says of its values; the benchmark states neither units nor limits. First match wins. */
const SUBJECTS: { pattern: RegExp; key: string; name: string; unit: string; alertMin?: number; alertMax?: number }[] = [
  { pattern: /temperature/, key: 'temperature', name: 'Temperature', unit: '[degF]', alertMin: 40, alertMax: 105 },
  { pattern: /cpu/, key: 'cpu', name: 'CPU utilisation', unit: '%', alertMax: 95 },
  { pattern: /occupancy/, key: 'occupancy', name: 'Lane occupancy', unit: '%', alertMax: 40 },
  { pattern: /speed/, key: 'speed', name: 'Speed', unit: '[mi_i]/h', alertMin: 20 },
  { pattern: /TravelTime/, key: 'travelTime', name: 'Travel time', unit: 's', alertMax: 4_000 },
  { pattern: /latency/, key: 'latency', name: 'Request latency', unit: 'ms', alertMax: 90 },
  { pattern: /taxi/, key: 'passengers', name: 'Taxi passengers', unit: '{passenger}', alertMax: 35_000 },
  { pattern: /bytes|network/, key: 'traffic', name: 'Bytes', unit: 'By' },
  { pattern: /cpc|cpm/, key: 'cost', name: 'Advertising cost', unit: '1' },
  { pattern: /Twitter/, key: 'mentions', name: 'Mentions', unit: '{mention}' },
];
const ANYTHING = { pattern: /^/, key: 'value', name: 'Value', unit: '1', alertMin: undefined, alertMax: undefined };

/** Numenta Anomaly Benchmark: one value per file, mostly every five minutes. */
export const NAB: Mapping = {
  name: 'NAB',
  delimiter: ',',
  matches: (header) => header.join() === 'timestamp,value',
  device: (fileName, folderName) => {
    const { key, name, unit, alertMin, alertMax } = SUBJECTS.find(({ pattern }) => pattern.test(fileName)) ?? ANYTHING;
    return {
      key: `nab-${keyPart(fileName)}`,
      name: fileName.replaceAll('_', ' '),
      profile: {
        key: `nab-${key}`,
        name: `${name} recording`,
        domain: 'GENERIC',
        offlineAfter: 'PT5M',
        metrics: [{ metric: 'value', name, unit, alertMin, alertMax, expectedInterval: 'PT5M' }],
      },
      asset: [
        { name: 'Recordings', kind: 'SITE' },
        { name: folderName, kind: 'OTHER' },
      ],
      labels: [{ key: 'recording', value: 'nab' }],
    };
  },
  row: ({ timestamp = '', value = '' }) => (value === '' ? null : { atMs: parseWallClockMs(timestamp), values: { value: Number(value) } }),
};
