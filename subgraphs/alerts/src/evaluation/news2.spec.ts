import { clinicalRisk, scoreNews2, type Vitals } from './news2.js';

const pointsOf = (vitals: Vitals, scale: 1 | 2 = 1) => scoreNews2(vitals, scale).points;

/** Every cell of chart 1 by its bounds: the lowest and the highest value that score so. */
it.each<[parameter: 'respiration' | 'spo2' | 'systolic' | 'pulse' | 'temperature', from: number, to: number, points: number]>([
  ['respiration', 0, 8, 3],
  ['respiration', 9, 11, 1],
  ['respiration', 12, 20, 0],
  ['respiration', 21, 24, 2],
  ['respiration', 25, 80, 3],
  ['spo2', 0, 91, 3],
  ['spo2', 92, 93, 2],
  ['spo2', 94, 95, 1],
  ['spo2', 96, 100, 0],
  ['systolic', 0, 90, 3],
  ['systolic', 91, 100, 2],
  ['systolic', 101, 110, 1],
  ['systolic', 111, 219, 0],
  ['systolic', 220, 300, 3],
  ['pulse', 0, 40, 3],
  ['pulse', 41, 50, 1],
  ['pulse', 51, 90, 0],
  ['pulse', 91, 110, 1],
  ['pulse', 111, 130, 2],
  ['pulse', 131, 300, 3],
  ['temperature', 20, 35.0, 3],
  ['temperature', 35.1, 36.0, 1],
  ['temperature', 36.1, 38.0, 0],
  ['temperature', 38.1, 39.0, 1],
  ['temperature', 39.1, 45, 2],
])('scores %s from %d to %d with %d', (parameter, from, to, points) => {
  expect(pointsOf({ [parameter]: from })).toBe(points);
  expect(pointsOf({ [parameter]: to })).toBe(points);
});

it.each<[from: number, to: number, onAir: number, onOxygen: number]>([
  [0, 83, 3, 3],
  [84, 85, 2, 2],
  [86, 87, 1, 1],
  [88, 92, 0, 0],
  [93, 94, 0, 1],
  [95, 96, 0, 2],
  [97, 100, 0, 3],
])('scores SpO2 from %d to %d on scale 2 with %d on air and %d on oxygen', (from, to, onAir, onOxygen) => {
  for (const spo2 of [from, to]) {
    expect(pointsOf({ spo2, oxygen: false }, 2)).toBe(onAir);
    expect(pointsOf({ spo2, oxygen: true }, 2)).toBe(onOxygen + 2); // the oxygen itself scores 2
  }
});

it('scores oxygen with 2 and every level of consciousness but Alert with 3', () => {
  expect([false, true].map((oxygen) => pointsOf({ oxygen }))).toEqual([0, 2]);
  expect((['A', 'C', 'V', 'P', 'U'] as const).map((consciousness) => pointsOf({ consciousness }))).toEqual([0, 3, 3, 3, 3]);
});

it('rounds temperature to tenths and the rest to whole numbers before banding', () => {
  expect(pointsOf({ temperature: 35.04 })).toBe(3);
  expect(pointsOf({ temperature: 35.05 })).toBe(1);
  expect(pointsOf({ temperature: 36.05 })).toBe(0); // 36.05 * 10 is 360.49999999999994
  expect(pointsOf({ temperature: 38.04 })).toBe(0);
  expect(pointsOf({ respiration: 20.4 })).toBe(0);
  expect(pointsOf({ respiration: 20.5 })).toBe(2);
  expect(pointsOf({ spo2: 91.4 })).toBe(3);
  expect(pointsOf({ spo2: 91.5 })).toBe(2);
});

const WELL: Required<Vitals> = { respiration: 16, spo2: 98, oxygen: false, systolic: 120, pulse: 70, consciousness: 'A', temperature: 37 };
const WORST: Required<Vitals> = { respiration: 30, spo2: 80, oxygen: true, systolic: 80, pulse: 140, consciousness: 'U', temperature: 34 };

it('reaches from 0 to 20 and says which risk that is', () => {
  expect(scoreNews2(WELL, 1)).toMatchObject({ points: 0, missing: [], hasThree: false });
  expect(scoreNews2(WORST, 1)).toMatchObject({ points: 20, missing: [], hasThree: true });
  const riskOf = (vitals: Vitals) => clinicalRisk(scoreNews2(vitals, 1));
  expect(riskOf(WELL)).toBe('low');
  expect(riskOf({ ...WELL, pulse: 100, temperature: 38.5, spo2: 95, respiration: 10 })).toBe('low'); // 4
  expect(riskOf({ ...WELL, consciousness: 'C' })).toBe('low-medium');
  expect(riskOf({ ...WELL, consciousness: 'C', oxygen: true })).toBe('medium'); // 5
  expect(riskOf({ ...WELL, consciousness: 'C', oxygen: true, pulse: 100 })).toBe('medium'); // 6
  expect(riskOf({ ...WELL, consciousness: 'C', oxygen: true, pulse: 120 })).toBe('high'); // 7
});

it('names what is missing instead of taking it for normal', () => {
  for (const parameter of Object.keys(WELL) as (keyof Vitals)[]) {
    expect(scoreNews2({ ...WELL, [parameter]: undefined }, 1).missing).toEqual([parameter]);
  }
  expect(scoreNews2({}, 1).missing).toHaveLength(7);
});

it('does not score SpO2 above the target of scale 2 while nobody knows about oxygen', () => {
  expect(scoreNews2({ spo2: 97 }, 2).missing).toContain('spo2');
  expect(scoreNews2({ spo2: 90 }, 2).missing).not.toContain('spo2');
});
