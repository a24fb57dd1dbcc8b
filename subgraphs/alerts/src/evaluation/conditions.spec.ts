import fc from 'fast-check';
import type { Condition } from './condition.js';
import { createNode, evaluateSample, evaluateTick, mustStore, type Verdict } from './evaluate.js';
import type { NodeState, Sample, Tick } from './node.js';

const SECOND_US = 1_000_000;
const MINUTE_US = 60 * SECOND_US;

/** A device as a condition sees it: give it readings (seconds, metric, value) and time. */
function watch(condition: Condition) {
  const node = createNode(condition);
  const verdicts: Verdict[] = [];
  const heard: Record<string, number> = {};
  let state: NodeState = node.initial;
  let connectivity: Tick['connectivity'] = null;
  const tickAt = (atUs: number): Tick => ({
    atUs,
    nowUs: atUs,
    held: (metric) => (heard[metric] === undefined ? undefined : { atUs: heard[metric], heldUntilUs: heard[metric] + 10 * MINUTE_US }),
    heardAtUs: (metric) => (metric === null ? Math.max(...Object.values(heard)) : (heard[metric] ?? null)),
    unwatchedUs: 0,
    missingAfterUs: () => MINUTE_US,
    connectivity,
  });
  const device = {
    verdicts,
    moves: () => verdicts.map(({ move }) => move),
    read: (second: number, metric: string, value: number | string, over: Partial<Sample> = {}) => {
      const atUs = second * SECOND_US;
      const words = typeof value === 'string';
      const sample: Sample = { metric, atUs, value: words ? NaN : value, text: words ? value : null, unit: '/min', spo2Scale: 1, ...over };
      state = evaluateSample(node, state, sample, () => tickAt(atUs), verdicts);
      heard[metric] = atUs;
      return device;
    },
    pass: (second: number, online?: boolean) => {
      if (online !== undefined) connectivity = { offline: !online, sinceUs: second * SECOND_US };
      state = evaluateTick(node, state, tickAt(second * SECOND_US), verdicts);
      return device;
    },
    /** As after a restart: what JSON keeps. */
    restart: () => {
      state = JSON.parse(JSON.stringify(state)) as NodeState;
      return device;
    },
  };
  return device;
}

describe('rate of change', () => {
  const rate: Condition = { rateOfChange: { metric: 'pressure', perMinuteAbove: 5, overMs: 60_000 } };

  it('counts rising and falling, over the whole span', () => {
    const device = watch(rate);
    for (let second = 0; second <= 120; second++) device.read(second, 'pressure', 10 + (second * 6) / 60);
    expect(device.verdicts).toMatchObject([{ move: 'RAISE', kind: 'RATE_OF_CHANGE', threshold: 5, atUs: 60 * SECOND_US }]);
    expect(device.verdicts[0]!.value).toBeCloseTo(6, 9);
    for (let second = 121; second <= 240; second++) device.read(second, 'pressure', 22);
    for (let second = 241; second <= 330; second++) device.read(second, 'pressure', 22 - ((second - 240) * 6) / 60);
    expect(device.moves()).toEqual(['RAISE', 'RESOLVE', 'RAISE']);
    expect(device.verdicts[2]!.value).toBeLessThan(-5);
  });

  it('says nothing before one span is complete, and goes from reading to reading where they are rarer', () => {
    expect(watch(rate).read(0, 'pressure', 0).read(59, 'pressure', 50).moves()).toEqual([]);
    expect(watch(rate).read(0, 'pressure', 0).read(600, 'pressure', 49).moves()).toEqual([]);
    expect(watch(rate).read(0, 'pressure', 0).read(600, 'pressure', 51).moves()).toEqual(['RAISE']);
  });

  it('measures the true rate of any straight line at any pace, and keeps little', () => {
    fc.assert(
      fc.property(fc.double({ min: -20, max: 20, noNaN: true }), fc.integer({ min: 1, max: 90 }), (perMinute, stepS) => {
        fc.pre(Math.abs(Math.abs(perMinute) - 5) > 1e-6);
        const device = watch(rate);
        for (let second = 0; second <= 600; second += stepS) device.read(second, 'pressure', (perMinute * second) / 60);
        expect(device.moves()).toEqual(Math.abs(perMinute) > 5 ? ['RAISE'] : []);
      }),
    );
  });
});

describe('trend', () => {
  const trend: Condition = { trend: { metric: 'level', reaches: 100, withinMs: 30 * 60_000, overMs: 60 * 60_000 } };
  /** A deterministic noise of standard deviation about 0.6. */
  const noise = (second: number) => Math.sin(second * 12.9898) * 0.5 + Math.sin(second * 78.233) * 0.7;

  it('warns before the limit is reached, says when, and keeps warning once it is', () => {
    const device = watch(trend);
    let warnedAtS = 0;
    for (let second = 0; second <= 3 * 3_600; second += 10) {
      device.read(second, 'level', 60 + (second / 3_600) * 20 + noise(second));
      if (device.verdicts.length > 0) warnedAtS ||= second;
    }
    expect(device.moves()).toEqual(['RAISE']);
    // 100 is reached after two hours.
    expect(warnedAtS).toBeGreaterThan(1.4 * 3_600);
    expect(warnedAtS).toBeLessThan(1.7 * 3_600);
    expect(device.verdicts[0]!.reachedInMs! / 1_000 + warnedAtS).toBeCloseTo(2 * 3_600, -3);
    for (let second = 3 * 3_600; second <= 6 * 3_600; second += 10) device.read(second, 'level', 60 + noise(second));
    expect(device.moves()).toEqual(['RAISE', 'RESOLVE']);
  });

  it('does not take noise near the limit for a trend', () => {
    const device = watch(trend);
    for (let second = 0; second <= 24 * 3_600; second += 10) device.read(second, 'level', 97 + noise(second));
    expect(device.moves()).toEqual([]);
  });

  it('goes on after a restart with what it had', () => {
    const whole = watch(trend);
    const cut = watch(trend);
    for (let second = 0; second <= 3 * 3_600; second += 30) {
      const value = 60 + (second / 3_600) * 20 + noise(second);
      whole.read(second, 'level', value);
      cut.restart().read(second, 'level', value);
    }
    expect(cut.verdicts).toEqual(whole.verdicts);
  });
});

describe('early warning score', () => {
  const score: Condition = { earlyWarningScore: { score: 5, singleParameter: true, validForMs: 3_600_000 } };
  const well = (second: number, device = watch(score)) =>
    device
      .read(second, 'respiration', 16)
      .read(second, 'spo2', 98, { unit: '%' })
      .read(second, 'systolic', 120, { unit: 'mm[Hg]' })
      .read(second, 'heartRate', 70)
      .read(second, 'temperature', 37, { unit: 'Cel' })
      .read(second, 'consciousness', 'Alert')
      .read(second, 'supplementalOxygen', 0);

  it('says which parameters contributed, and resolves when they no longer do', () => {
    const device = well(0).read(60, 'heartRate', 115).read(61, 'respiration', 22).read(62, 'temperature', 38.5, { unit: 'Cel' });
    expect(device.verdicts).toMatchObject([
      {
        move: 'RAISE',
        value: 5,
        threshold: 5,
        score: {
          missing: [],
          contributions: [
            { parameter: 'respiration', points: 2 },
            {},
            {},
            {},
            { parameter: 'pulse', points: 2 },
            {},
            { parameter: 'temperature', points: 1 },
          ],
        },
      },
    ]);
    expect(device.read(63, 'heartRate', 80).moves()).toEqual(['RAISE', 'RESOLVE']);
  });

  it('raises on what is certain although something is missing, and says that it is', () => {
    const device = watch(score).read(0, 'respiration', 26);
    expect(device.verdicts).toMatchObject([{ move: 'RAISE', value: 3, score: { hasThree: true } }]);
    expect(device.verdicts[0]!.score!.missing).toHaveLength(6);
  });

  it('gives no all-clear while something that was measured is no longer valid', () => {
    const device = well(0).read(60, 'systolic', 85, { unit: 'mm[Hg]' });
    expect(device.moves()).toEqual(['RAISE']);
    device.read(3_661, 'respiration', 16).read(3_662, 'spo2', 98, { unit: '%' }).read(7_000, 'heartRate', 70);
    expect(device.moves()).toEqual(['RAISE']);
    expect(well(7_001, device).moves()).toEqual(['RAISE', 'RESOLVE']);
  });

  it('reads words for consciousness, Fahrenheit, and no unit it does not know', () => {
    for (const word of ['Confusion', 'new confusion', 'V', 'pain', 'Unresponsive']) {
      expect(well(0).read(1, 'consciousness', word).moves()).toEqual(['RAISE']);
    }
    expect(well(0).read(1, 'consciousness', 'A').moves()).toEqual([]);
    expect(well(0).read(1, 'temperature', 93, { unit: '[degF]' }).moves()).toEqual(['RAISE']); // 33.9 °C
    expect(well(0).read(1, 'systolic', 16, { unit: 'kPa' }).moves()).toEqual([]); // 120 mmHg
  });

  it('takes the scale of the patient', () => {
    const onScale = (spo2Scale: 1 | 2) => well(0).read(1, 'spo2', 90, { unit: '%', spo2Scale }).moves();
    expect([onScale(1), onScale(2)]).toEqual([['RAISE'], []]);
  });

  it('is the same after every restart', () => {
    const device = well(0).restart().read(1, 'heartRate', 140).restart().read(2, 'heartRate', 80);
    expect(device.moves()).toEqual(['RAISE', 'RESOLVE']);
  });
});

describe('all and any', () => {
  const hot: Condition = { threshold: { metric: 'temperature', above: 80, below: null, forMs: 60_000, hysteresis: 0, clearAfterMs: 0 } };
  const still: Condition = { threshold: { metric: 'flow', above: null, below: 1, forMs: 0, hysteresis: 0, clearAfterMs: 0 } };

  it('holds when all hold, each with its own `for`', () => {
    const device = watch({ all: [hot, still] })
      .read(0, 'temperature', 90)
      .read(10, 'flow', 0);
    expect(device.moves()).toEqual([]);
    device.pass(61);
    expect(device.verdicts).toMatchObject([
      {
        move: 'RAISE',
        kind: 'COMPOSITE',
        parts: [
          { kind: 'THRESHOLD_EXCEEDED', value: 90 },
          { kind: 'THRESHOLD_BELOW', value: 0 },
        ],
      },
    ]);
    expect(device.restart().read(70, 'flow', 2).moves()).toEqual(['RAISE', 'RESOLVE']);
  });

  it('holds while any holds, and is one alert whichever does', () => {
    const device = watch({ any: [hot, still] })
      .read(0, 'flow', 0)
      .read(1, 'temperature', 90)
      .pass(61);
    expect(device.read(70, 'flow', 2).moves()).toEqual(['RAISE']);
    expect(device.read(71, 'temperature', 20).moves()).toEqual(['RAISE', 'RESOLVE']);
  });

  it('mixes silence and connectivity with values, nested', () => {
    const device = watch({
      any: [{ all: [still, { offline: { metric: 'temperature', afterMs: 30_000 } }] }, { offline: { metric: null, afterMs: null } }],
    });
    device.read(0, 'temperature', 20).read(0, 'flow', 0).pass(29);
    expect(device.moves()).toEqual([]);
    expect(device.pass(30).moves()).toEqual(['RAISE']);
    expect(device.read(31, 'temperature', 20).pass(31).moves()).toEqual(['RAISE', 'RESOLVE']);
    expect(device.pass(40, false).moves()).toEqual(['RAISE', 'RESOLVE', 'RAISE']);
    expect(device.pass(50, true).moves()).toEqual(['RAISE', 'RESOLVE', 'RAISE', 'RESOLVE']);
  });

  it('finds the same, and since when, however often and however late a timer comes by', () => {
    const leaf = fc.record({
      metric: fc.constantFrom('temperature', 'flow'),
      above: fc.constantFrom(80, 90),
      below: fc.constant(null),
      forMs: fc.constantFrom(0, 20_000, 300_000),
      hysteresis: fc.constantFrom(0, 5),
      // Beyond what a value is taken to hold, too: such a deadline passes without effect, and those behind it still count.
      clearAfterMs: fc.constantFrom(0, 30_000, 900_000),
    });
    const nested = fc.tuple(fc.constantFrom('all', 'any'), leaf, leaf, leaf).map(([how, a, b, c]) => {
      const inner = { [how]: [{ threshold: a }, { threshold: b }] } as unknown as Condition;
      return { [how === 'all' ? 'any' : 'all']: [inner, { threshold: c }] } as unknown as Condition;
    });
    const step = fc.record({
      seconds: fc.integer({ min: 1, max: 200 }),
      metric: fc.constantFrom('temperature', 'flow'),
      value: fc.constantFrom(70, 78, 83, 88, 95),
      /** Where in the step a timer comes by, in thousandths of it. */
      passes: fc.array(fc.integer({ min: 1, max: 999 }), { maxLength: 4 }),
    });
    let raised = 0;
    fc.assert(
      fc.property(nested, fc.array(step, { minLength: 10, maxLength: 40 }), (condition, steps) => {
        const [timely, late] = [watch(condition), watch(condition)];
        let second = 0;
        for (const { seconds, metric, value, passes } of steps) {
          for (const part of passes.toSorted((a, b) => a - b)) timely.pass(second + (seconds * part) / 1_000);
          second += seconds;
          timely.read(second, metric, value);
          late.read(second, metric, value);
        }
        // As often as anybody could: every second to the end.
        for (let pass = second + 1; pass <= second + 1_200; pass++) timely.pass(pass);
        late.pass(second + 1_200);
        expect(timely.verdicts).toEqual(late.verdicts);
        raised += late.verdicts.length;
      }),
      { numRuns: 300, seed: 20261127 },
    );
    expect(raised).toBeGreaterThan(300);
  });

  it('must be stored when a part has moved, although the whole has not', () => {
    const node = createNode({ all: [hot, still] });
    const sample: Sample = { metric: 'temperature', atUs: 1, value: 90, text: null, unit: 'Cel', spo2Scale: 1 };
    const pending = node.onSample(node.initial, sample);
    expect(mustStore(node.initial, pending)).toBe(true);
    expect(mustStore(pending, node.onSample(pending, { ...sample, atUs: 2, value: 91 }))).toBe(false);
  });
});

describe('anomaly', () => {
  const anomaly: Condition = { anomaly: { metric: 'flow', sensitivity: 'MEDIUM' } };
  /** A deterministic noise. */
  const noise = (index: number) => Math.sin(index * 12.9898) + Math.sin(index * 78.233) + Math.sin(index * 37.719);
  const play = (device: ReturnType<typeof watch>, from: number, to: number, offset = 0) => {
    for (let index = from; index < to; index++) device.read(index * 60, 'flow', 20 + noise(index) + offset);
    return device;
  };

  it('raises once where the values are unlike their past, and resolves when they are like it again', () => {
    const device = play(watch(anomaly), 0, 1_000);
    expect(device.moves()).toEqual([]);
    play(device, 1_000, 1_020, 40);
    expect(device.verdicts).toMatchObject([{ move: 'RAISE', kind: 'DATA_ANOMALY', threshold: null }]);
    expect(play(device, 1_020, 1_100).moves()).toEqual(['RAISE', 'RESOLVE']);
  });

  it('says nothing of a series that it does not know yet', () => {
    expect(play(play(watch(anomaly), 0, 50), 50, 60, 100).moves()).toEqual([]);
  });

  it('has learnt the same whether it was restarted or not', () => {
    const whole = play(play(watch(anomaly), 0, 1_000), 1_000, 1_100, 40);
    const cut = watch(anomaly);
    for (let from = 0; from < 1_000; from += 100) play(cut.restart(), from, from + 100);
    for (let from = 1_000; from < 1_100; from += 7) play(cut.restart(), from, Math.min(from + 7, 1_100), 40);
    expect(cut.verdicts).toEqual(whole.verdicts);
  });

  it('takes what lasts for the new normal in the end', () => {
    const device = play(play(watch(anomaly), 0, 1_000), 1_000, 4_000, 40);
    expect(device.moves().at(-1)).toBe('RESOLVE');
    const settled = device.moves().length;
    expect(play(device, 4_000, 6_000, 40).moves()).toHaveLength(settled);
  });
});
