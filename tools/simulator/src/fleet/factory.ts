import type { ProfileInput, SimulatedDevice } from './fleet.js';

interface FactorySensor {
  key: string;
  profile: string;
  metric: string;
  metricName: string;
  unit: string;
  normal: [number, number];
  alert: { above?: number; below?: number };
  everySeconds: number;
  machine: string;
  /** What is added to a normal value while something is wrong. */
  anomalies: number[];
  decimals: number;
}

const SENSORS: FactorySensor[] = [
  {
    key: 'device-001',
    profile: 'Temperature sensor',
    metric: 'temperature',
    metricName: 'Temperature',
    unit: 'Cel',
    normal: [20, 80],
    alert: { above: 85, below: 15 },
    everySeconds: 2,
    machine: 'Press 1',
    anomalies: [42, -48],
    decimals: 1,
  },
  {
    key: 'device-002',
    profile: 'Pressure sensor',
    metric: 'pressure',
    metricName: 'Pressure',
    unit: '[psi]',
    normal: [10, 50],
    alert: { above: 55, below: 5 },
    everySeconds: 3,
    machine: 'Press 1',
    anomalies: [30, -29],
    decimals: 1,
  },
  {
    key: 'device-003',
    profile: 'Vibration sensor',
    metric: 'vibration',
    metricName: 'Vibration',
    unit: 'Hz',
    normal: [0, 100],
    alert: { above: 120 },
    everySeconds: 1,
    machine: 'Spindle 2',
    anomalies: [85],
    decimals: 1,
  },
  {
    key: 'device-004',
    profile: 'Production counter',
    metric: 'throughput',
    metricName: 'Throughput',
    unit: '{unit}/h',
    normal: [100, 500],
    alert: { below: 50 },
    everySeconds: 5,
    machine: 'Packer 3',
    anomalies: [-290],
    decimals: 0,
  },
  {
    key: 'device-005',
    profile: 'Quality sensor',
    metric: 'quality',
    metricName: 'Quality',
    unit: '%',
    normal: [85, 100],
    alert: { below: 80 },
    everySeconds: 4,
    machine: 'Packer 3',
    anomalies: [-16],
    decimals: 1,
  },
];

/** Share of readings that lie in an anomaly. */
const ANOMALY_SHARE = 0.05;

function profileOf(sensor: FactorySensor): ProfileInput {
  const { metric, metricName, unit, normal, alert, everySeconds } = sensor;
  return {
    key: sensor.profile.toLowerCase().replaceAll(' ', '-'),
    name: sensor.profile,
    domain: 'INDUSTRIAL',
    offlineAfter: 'PT30S',
    metrics: [
      {
        metric,
        name: metricName,
        unit,
        normalMin: normal[0],
        normalMax: normal[1],
        ...(alert.above !== undefined && { alertMax: alert.above }),
        ...(alert.below !== undefined && { alertMin: alert.below }),
        expectedInterval: `PT${everySeconds}S`,
      },
    ],
  };
}

/** Five sensors on one line, as a small plant would have them. */
export const FACTORY: SimulatedDevice[] = SENSORS.map((sensor) => {
  const [low, high] = sensor.normal;
  return {
    key: sensor.key,
    name: `${sensor.machine} ${sensor.metricName.toLowerCase()}`,
    profile: profileOf(sensor),
    asset: [
      { name: 'Plant North', kind: 'SITE' },
      { name: 'Line A', kind: 'LINE' },
      { name: sensor.machine, kind: 'MACHINE' },
    ],
    labels: [{ key: 'location', value: 'plant-north' }],
    intervalMs: sensor.everySeconds * 1_000,
    signals: {
      [sensor.metric]: {
        centre: (low + high) / 2,
        spread: (high - low) / 10,
        min: low,
        max: high,
        anomalies: sensor.anomalies,
        anomalyShare: ANOMALY_SHARE,
        decimals: sensor.decimals,
      },
    },
  };
});
