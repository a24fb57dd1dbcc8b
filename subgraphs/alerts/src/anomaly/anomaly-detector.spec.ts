import fc from 'fast-check';
import { ANOMALY_ALARM_SCORE, createAnomalyDetector, type AnomalyDetectorOptions } from './anomaly-detector.js';

const MINUTE_MS = 60_000;
const STARTED_MS = Date.UTC(2026, 0, 1);

/** Seeded, so that a failure is the same failure tomorrow. */
function noise(seed: number) {
  let state = seed;
  const uniform = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const normal = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  return { uniform, normal };
}

interface Stream {
  readings: number;
  intervalMs?: number;
  options?: AnomalyDetectorOptions;
  value: (index: number, atMs: number) => number;
}

/** Indices of the readings which are alarms. */
function alarms({ readings, intervalMs = MINUTE_MS, options, value }: Stream): number[] {
  const detector = createAnomalyDetector(options);
  const found: number[] = [];
  for (let index = 0; index < readings; index++) {
    const atMs = STARTED_MS + index * intervalMs;
    if (detector.score(atMs, value(index, atMs)) >= ANOMALY_ALARM_SCORE) found.push(index);
  }
  return found;
}

const within = (found: readonly number[], from: number, to: number) => found.filter((index) => index >= from && index < to);
const hourOfDay = (atMs: number) => (atMs / 3_600_000) % 24;
const dayOf = (atMs: number) => Math.floor((atMs - STARTED_MS) / 86_400_000);

describe('what it finds', () => {
  it('raises one alarm at a level shift, and none while it lasts', () => {
    const { normal } = noise(1);
    const found = alarms({ readings: 6_000, value: (index) => 20 + normal() + (index < 5_000 ? 0 : 5) });
    expect(within(found, 5_000, 5_010)).toHaveLength(1);
    expect(within(found, 5_010, 6_000)).toEqual([]);
  });

  it('raises an alarm at a single spike', () => {
    const { normal } = noise(2);
    const found = alarms({ readings: 5_100, value: (index) => 20 + normal() + (index === 5_000 ? 10 : 0) });
    expect(within(found, 5_000, 5_002)).toHaveLength(1);
  });

  it('raises an alarm when a noisy sensor freezes at a value that is perfectly usual', () => {
    const { normal } = noise(3);
    const found = alarms({ readings: 5_100, value: (index) => (index < 5_000 ? 20 + normal() : 20.1) });
    expect(within(found, 5_000, 5_060)).toHaveLength(1);
  });

  it('raises an alarm when a sensor becomes three times as noisy around the same mean', () => {
    const { normal } = noise(4);
    const found = alarms({ readings: 5_100, value: (index) => 20 + normal() * (index < 5_000 ? 1 : 3) });
    expect(within(found, 5_000, 5_060)).toHaveLength(1);
  });

  it('raises an alarm when the daily peak stays away although the value is usual at night', () => {
    const { uniform } = noise(5);
    const found = alarms({
      readings: 14 * 288,
      intervalMs: 5 * MINUTE_MS,
      value: (_, atMs) => (hourOfDay(atMs) >= 9 && hourOfDay(atMs) < 18 && dayOf(atMs) !== 10 ? 80 : 20) + 3 * uniform(),
    });
    const nine = 10 * 288 + 9 * 12;
    expect(within(found, nine, nine + 12)).toHaveLength(1);
    expect(within(found, 0, nine)).toEqual([]);
  });

  it('raises an alarm when a counter starts again, and none while it counts', () => {
    expect(alarms({ readings: 6_000, value: (index) => (index < 5_000 ? 7 * index : 7 * (index - 5_000)) })).toEqual([5_000]);
  });

  it('raises an alarm at the first change of what was always the same', () => {
    expect(alarms({ readings: 6_000, value: (index) => (index < 5_000 ? 45.868 : 45.968) })).toEqual([5_000]);
  });

  it('finds more at high sensitivity than at low', () => {
    const count = (sensitivity: 'LOW' | 'MEDIUM' | 'HIGH') => {
      const { normal } = noise(6);
      return alarms({ readings: 8_000, options: { sensitivity }, value: () => Math.exp(normal()) }).length;
    };
    expect(count('LOW')).toBeLessThan(count('MEDIUM'));
    expect(count('MEDIUM')).toBeLessThan(count('HIGH'));
  });
});

describe('what leaves people alone', () => {
  it.each([
    ['white noise', (seed: number) => noise(seed).normal],
    ['a uniform value', (seed: number) => noise(seed).uniform],
    [
      'a slow, self-correlated sensor',
      (seed: number) => {
        const { normal } = noise(seed);
        let level = 0;
        return () => (level = 0.95 * level + normal());
      },
    ],
  ])('%s: at most 3 alarms in 10,000 readings', (_, source) => {
    for (let seed = 10; seed < 15; seed++) expect(alarms({ readings: 10_000, value: source(seed) }).length).toBeLessThanOrEqual(3);
  });

  it('is silent on a constant, whatever its size, and on a repeating day', () => {
    expect(alarms({ readings: 3_000, value: () => 1e12 + 0.1 })).toEqual([]);
    expect(alarms({ readings: 3_000, value: () => 0 })).toEqual([]);
    expect(alarms({ readings: 4_000, intervalMs: 5 * MINUTE_MS, value: (_, atMs) => (hourOfDay(atMs) < 12 ? 80 : 20) })).toEqual([]);
  });

  it('raises the bar for a stream that is wild by nature', () => {
    const { uniform } = noise(7);
    const found = alarms({ readings: 20_000, value: () => (1 - uniform()) ** (-1 / 1.5) });
    expect(found.length).toBeLessThan(25);
    expect(within(found, 10_000, 20_000).length).toBeLessThan(within(found, 0, 10_000).length + 1);
  });

  it('takes up again after a gap of days without an alarm', () => {
    const { normal } = noise(8);
    const detector = createAnomalyDetector();
    let found = 0;
    for (let index = 0; index < 6_000; index++) {
      const gapMs = index < 3_000 ? 0 : 3.5 * 86_400_000;
      if (detector.score(STARTED_MS + index * MINUTE_MS + gapMs, 20 + normal()) >= ANOMALY_ALARM_SCORE) found++;
    }
    expect(found).toBeLessThanOrEqual(2);
  });
});

describe('surprise', () => {
  it('tells when a held anomaly is over, long after the score has fallen silent', () => {
    const { normal } = noise(9);
    const detector = createAnomalyDetector();
    const surprises: number[] = [];
    for (let index = 0; index < 6_000; index++) {
      const score = detector.score(STARTED_MS + index * MINUTE_MS, 20 + normal() + (index >= 5_000 && index < 5_600 ? 6 : 0));
      if (index >= 5_000 && score >= ANOMALY_ALARM_SCORE) detector.hold(true);
      surprises.push(detector.surprise);
    }
    expect(Math.min(...surprises.slice(5_050, 5_600))).toBeGreaterThan(ANOMALY_ALARM_SCORE);
    expect(Math.max(...surprises.slice(5_700))).toBeLessThan(ANOMALY_ALARM_SCORE);
  });
});

describe('on any numbers', () => {
  const anyNumber = fc.oneof(
    fc.double(),
    fc.integer({ min: -3, max: 3 }),
    fc.constantFrom(NaN, Infinity, -Infinity, Number.MAX_VALUE, -Number.MAX_VALUE, Number.MIN_VALUE, -0),
  );
  const interval = fc.oneof(fc.constantFrom(0, 1_000, MINUTE_MS, 3_600_000, 86_400_000), fc.integer({ min: -1e9, max: 1e9 }), fc.double());
  // Long streams grow from short random ones: nothing is said for 150 readings, and habits take days.
  const stream = fc
    .tuple(fc.array(fc.tuple(interval, anyNumber), { minLength: 1, maxLength: 60 }), fc.integer({ min: 1, max: 12 }))
    .map(([part, times]) => {
      let atMs = STARTED_MS;
      return Array.from({ length: times }, () => part)
        .flat()
        .map(([intervalMs, value]) => [Number.isFinite(atMs + intervalMs) ? (atMs += intervalMs) : intervalMs, value] as const);
    });

  it('scores from 0 to 1 and never throws', () => {
    fc.assert(
      fc.property(stream, (readings) => {
        const detector = createAnomalyDetector();
        for (const [atMs, value] of readings) {
          const score = detector.score(atMs, value);
          expect(score >= 0 && score <= 1 && detector.surprise >= 0 && detector.surprise <= 1).toBe(true);
        }
      }),
    );
  });

  it('scores a truncated copy the same, reading by reading', () => {
    fc.assert(
      fc.property(stream, fc.nat(), (readings, cut) => {
        const all = createAnomalyDetector();
        const scores = readings.map(([atMs, value]) => all.score(atMs, value));
        const truncated = createAnomalyDetector();
        const kept = readings.slice(0, cut % (readings.length + 1));
        expect(kept.map(([atMs, value]) => truncated.score(atMs, value))).toEqual(scores.slice(0, kept.length));
      }),
    );
  });

  it('goes on from a snapshot, through JSON, as if nothing had happened', () => {
    fc.assert(
      fc.property(stream, fc.nat(), fc.boolean(), (readings, cut, held) => {
        const at = cut % readings.length;
        const unbroken = createAnomalyDetector();
        for (const [atMs, value] of readings.slice(0, at)) unbroken.score(atMs, value);
        unbroken.hold(held);
        const restored = createAnomalyDetector();
        expect(restored.restore(JSON.parse(JSON.stringify(unbroken.snapshot())))).toBe(true);
        for (const [atMs, value] of readings.slice(at)) {
          expect(restored.score(atMs, value)).toBe(unbroken.score(atMs, value));
          expect(restored.surprise).toBe(unbroken.surprise);
        }
      }),
    );
  });

  it('keeps its snapshot under 8 KiB at any sampling rate', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 86_400_000 }), fc.integer(), (intervalMs, seed) => {
        const { normal } = noise(seed);
        const detector = createAnomalyDetector();
        for (let index = 0; index < 2_000; index++) detector.score(STARTED_MS + index * intervalMs, normal() * 1e-7);
        expect(JSON.stringify(detector.snapshot()).length).toBeLessThan(8_192);
      }),
      { numRuns: 30 },
    );
  });
});

it('is not poisoned by a reading that is no number', () => {
  const scores = (withNaN: boolean) => {
    const { normal } = noise(11);
    const detector = createAnomalyDetector();
    return Array.from({ length: 1_000 }, (_, index) => {
      if (withNaN && index === 500) expect(detector.score(STARTED_MS + index * MINUTE_MS, NaN)).toBe(0);
      return detector.score(STARTED_MS + index * MINUTE_MS, index === 900 ? 50 : normal());
    });
  };
  expect(scores(true)).toEqual(scores(false));
  expect(scores(true)[900]).toBeGreaterThan(ANOMALY_ALARM_SCORE);
});

it('starts afresh from the state of another version, and says so', () => {
  const detector = createAnomalyDetector();
  for (const state of [null, undefined, 7, {}, { version: 0 }]) expect(detector.restore(state)).toBe(false);
  expect(detector.score(STARTED_MS, 1)).toBe(0);
});
