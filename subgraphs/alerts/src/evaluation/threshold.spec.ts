import fc from 'fast-check';
import type { ThresholdCondition } from './condition.js';
import { createNode, evaluateSample, evaluateTick, type Verdict } from './evaluate.js';
import type { NodeState, Tick } from './node.js';

const SECOND_US = 1_000_000;
/** A value holds for a minute in these tests. */
const FRESH_US = 60 * SECOND_US;

const aThreshold = (over: Partial<ThresholdCondition> = {}): ThresholdCondition => ({
  metric: 'temperature',
  above: 85,
  below: null,
  forMs: 0,
  hysteresis: 0,
  clearAfterMs: 0,
  ...over,
});

type Input = { at: number; value: number } | { at: number };

/** Runs values and ticks (seconds) in order and returns what people hear. */
function run(condition: ThresholdCondition, inputs: readonly Input[]): Verdict[] {
  const node = createNode({ threshold: condition });
  const verdicts: Verdict[] = [];
  let state: NodeState = node.initial;
  let last: { atUs: number; value: number } | undefined;
  const tickAt = (atUs: number): Tick => ({
    atUs,
    nowUs: atUs,
    held: () => last && { ...last, heldUntilUs: last.atUs + FRESH_US },
    heardAtUs: () => null,
    unwatchedUs: 0,
    missingAfterUs: () => Infinity,
    connectivity: null,
  });
  for (const input of inputs) {
    const atUs = input.at * SECOND_US;
    if ('value' in input) {
      const sample = { metric: 'temperature', atUs, value: input.value, text: null, unit: 'Cel', spo2Scale: 1 } as const;
      state = evaluateSample(node, state, sample, () => tickAt(atUs), verdicts);
      last = sample;
    } else state = evaluateTick(node, state, tickAt(atUs), verdicts);
  }
  return verdicts;
}
const heard = (condition: ThresholdCondition, inputs: readonly Input[]) =>
  run(condition, inputs).map(({ move, startedAtUs }) => `${move} ${startedAtUs / SECOND_US}`);

it('raises above the limit, not at it, and resolves on the way back', () => {
  const verdicts = run(aThreshold(), [
    { at: 0, value: 85 },
    { at: 1, value: 85.1 },
    { at: 2, value: 99 },
    { at: 3, value: 85 },
  ]);
  expect(verdicts).toEqual([
    {
      move: 'RAISE',
      kind: 'THRESHOLD_EXCEEDED',
      metric: 'temperature',
      value: 85.1,
      threshold: 85,
      startedAtUs: SECOND_US,
      atUs: SECOND_US,
    },
    {
      move: 'RESOLVE',
      kind: 'THRESHOLD_EXCEEDED',
      metric: 'temperature',
      value: 85,
      threshold: 85,
      startedAtUs: SECOND_US,
      atUs: 3 * SECOND_US,
    },
  ]);
});

it('watches both sides with one rule', () => {
  const both = aThreshold({ above: 85, below: 15, hysteresis: 2 });
  const verdicts = run(both, [
    { at: 0, value: 14 },
    { at: 1, value: 16 },
    { at: 2, value: 17 },
  ]);
  expect(verdicts.map(({ move, kind, threshold }) => [move, kind, threshold])).toEqual([
    ['RAISE', 'THRESHOLD_BELOW', 15],
    ['RESOLVE', 'THRESHOLD_BELOW', 15],
  ]);
});

it('counts `for` from the first reading over the limit, and starts again when one is not', () => {
  const condition = aThreshold({ forMs: 10_000 });
  const over = (at: number) => ({ at, value: 90 });
  expect(heard(condition, [over(0), over(9), { at: 9.5, value: 80 }, over(10), over(19.9)])).toEqual([]);
  expect(heard(condition, [over(0), over(9), { at: 9.5, value: 80 }, over(10), over(20)])).toEqual(['RAISE 10']);
});

it('ends `for` by time alone while the last value still holds, and not when nobody knows', () => {
  const condition = aThreshold({ forMs: 30_000 });
  expect(heard(condition, [{ at: 0, value: 90 }, { at: 30 }])).toEqual([]);
  expect(heard(condition, [{ at: 0, value: 90 }, { at: 30.1 }])).toEqual(['RAISE 0']);
  expect(heard(aThreshold({ forMs: 90_000 }), [{ at: 0, value: 90 }, { at: 100 }])).toEqual([]);
  expect(heard(aThreshold({ forMs: 90_000 }), [{ at: 0, value: 90 }, { at: 100 }, { at: 200, value: 90 }])).toEqual(['RAISE 0']);
});

it('folds a return within clearAfter into the same alert', () => {
  const condition = aThreshold({ clearAfterMs: 10_000 });
  const inputs = [
    { at: 0, value: 90 },
    { at: 1, value: 80 },
    { at: 5, value: 90 },
    { at: 6, value: 80 },
    { at: 15, value: 80 },
    { at: 16, value: 80 },
  ];
  expect(heard(condition, inputs)).toEqual(['RAISE 0', 'REPEAT 0', 'RESOLVE 0']);
});

const value = fc.oneof(fc.integer({ min: 60, max: 110 }), fc.double({ min: 80, max: 90, noNaN: true }));
const condition = fc
  .record({
    above: fc.constant(85),
    below: fc.constantFrom(null, 65),
    forMs: fc.constantFrom(0, 5_000, 40_000),
    hysteresis: fc.constantFrom(0, 2, 5),
    clearAfterMs: fc.constantFrom(0, 7_000),
  })
  .map((over) => aThreshold(over));
/** Samples up to two minutes apart: some gaps are longer than a value holds. */
const samples = fc.array(fc.tuple(fc.integer({ min: 1, max: 120 }), value), { maxLength: 60 }).map((steps) => {
  let at = 0;
  return steps.map(([step, sample]) => ({ at: (at += step), value: sample }));
});

it('never flaps inside the band between limit and hysteresis', () => {
  const inside = fc.array(fc.double({ min: 80.001, max: 85, noNaN: true }), { maxLength: 50 });
  fc.assert(
    fc.property(inside, (values) => {
      const later = values.map((sample, index) => ({ at: index + 1, value: sample }));
      const banded = aThreshold({ hysteresis: 5 });
      expect(heard(banded, later)).toEqual([]);
      expect(heard(banded, [{ at: 0, value: 90 }, ...later])).toEqual(['RAISE 0']);
    }),
  );
});

it('raises and resolves in turns, and repeats only in between', () => {
  fc.assert(
    fc.property(condition, samples, (threshold, inputs) => {
      const moves = run(threshold, inputs)
        .map(({ move }) => move[2])
        .join('');
      expect(moves).toMatch(/^(IP*S)*(IP*)?$/); // raIse, rePeat, reSolve
    }),
  );
});

it('fires exactly once in a spell above the limit, from its first reading, when it lasts as long as `for`', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 0, max: 300 }), (stepS, forS) => {
      const spell = Array.from({ length: 40 }, (_, index) => ({ at: 10 + index * stepS, value: 90 }));
      const lastsS = 39 * stepS;
      expect(heard(aThreshold({ forMs: forS * 1_000 }), spell)).toEqual(forS <= lastsS ? ['RAISE 10'] : []);
    }),
  );
});

it('comes to the same whether timers ran or only readings came', () => {
  const ticks = fc.array(fc.integer({ min: 0, max: 7_200 }), { maxLength: 80 });
  fc.assert(
    fc.property(condition, samples, ticks, (threshold, inputs, tickTimes) => {
      const end = inputs.at(-1)?.at ?? 0;
      const withTicks = [...inputs, ...tickTimes.filter((at) => at <= end).map((at) => ({ at: at + 0.5 }))]
        .filter(({ at }) => at <= end)
        .sort((a, b) => a.at - b.at);
      expect(heard(threshold, withTicks)).toEqual(heard(threshold, inputs));
    }),
  );
});
