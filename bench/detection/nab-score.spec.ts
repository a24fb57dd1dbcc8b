import { PROFILES, scoreAt, scoreLeavingOut, scoreSwept, type Scored } from './nab-score.js';

/** 1,000 rows with the windows 300–399 and 600–699; 150 rows of probation. */
function aRecording(scoreByRow: Record<number, number>, category = 'real'): Scored {
  const scores = new Float64Array(1_000);
  for (const [row, score] of Object.entries(scoreByRow)) scores[Number(row)] = score;
  const windows = [[300, 399] as const, [600, 699] as const];
  return { key: `${category}/a.csv`, category, scores, windows };
}

const standard = (scoreByRow: Record<number, number>) => scoreAt([aRecording(scoreByRow)], PROFILES.standard, 0.5).score;
const sigmoid = (position: number) => 2 / (1 + Math.exp(5 * position)) - 1;
/** What one point of the profile is worth: two windows, each 1 for being found and 1 for not being missed. */
const POINT = 100 / 4;

it('gives 100 to a detection at the first row of every window and 0 to silence, in each profile', () => {
  for (const profile of Object.values(PROFILES)) {
    expect(scoreAt([aRecording({ 300: 1, 600: 1 })], profile, 0.5).score).toBeCloseTo(100, 10);
    expect(scoreAt([aRecording({})], profile, 0.5).score).toBe(0);
  }
});

it('counts the earliest detection of a window only, and less the later it is', () => {
  const halfWay = 1 + sigmoid(-0.5) / sigmoid(-1);
  expect(standard({ 350: 1 })).toBeCloseTo(halfWay * POINT, 10);
  expect(standard({ 350: 0.6, 351: 1, 399: 0.9 })).toBeCloseTo(halfWay * POINT, 10);
  expect(standard({ 399: 1 })).toBeLessThan(standard({ 350: 1 }));
});

it('takes 0.11 for a false alarm far from a window that ended, less just after it, and twice that in the low-false-positive profile', () => {
  expect(standard({ 200: 1 })).toBeCloseTo(-0.11 * POINT, 10);
  expect(standard({ 410: 1 })).toBeCloseTo(0.11 * sigmoid(11 / 99) * POINT, 10);
  expect(scoreAt([aRecording({ 200: 1 })], PROFILES.lowFalsePositives, 0.5).score).toBeCloseTo(-0.22 * POINT, 10);
});

it('does not look at the probation, nor below the threshold', () => {
  expect(standard({ 149: 1, 500: 0.49 })).toBe(0);
});

it('sweeps to the threshold that is best over all recordings', () => {
  const recordings = [aRecording({ 300: 0.7, 200: 0.6, 600: 0.9 }), aRecording({ 300: 0.8, 800: 0.65 })];
  const best = scoreSwept(recordings, PROFILES.standard);
  expect(best).toMatchObject({ threshold: 0.7, found: 3, windows: 4, falseAlarms: 0 });
  expect(best.score).toBeCloseTo(75, 10);
});

it('scores a category left out with the threshold of the others', () => {
  const { byCategory } = scoreLeavingOut([aRecording({ 300: 0.7 }, 'one'), aRecording({ 300: 0.6, 600: 0.8 }, 'two')], PROFILES.standard);
  expect(byCategory).toMatchObject({ one: { threshold: 0.6, found: 1 }, two: { threshold: 0.7, found: 1 } });
});
