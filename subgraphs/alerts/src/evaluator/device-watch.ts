import type { DeviceEntry, RecordedReading } from '@pulsegraph/contracts';
import type { NodeState } from '../evaluation/index.js';
import type { LiveRule } from './live-rule.js';

/** A rule and a device it watches. */
export interface Pair {
  readonly rule: LiveRule;
  readonly device: DeviceWatch;
  state: NodeState;
  /** Of the row in `rule_state`; 0 when there is none. */
  version: number;
  /** As stored: when its metrics were heard last (key '' is the device), and when silence falls due. */
  heardUs: Record<string, number>;
  unwatchedUs: number;
  dueAtMs: number | null;
  /** From storing to falling due. */
  leaseMs: number;
  /** recordedAt up to which what its node has learnt is stored. */
  learntAtUs: number;
  /** Some silence has fallen due: hearing of the device may end it. */
  overdue: boolean;
}

/** What is remembered of one metric of one device. */
export interface SeriesWatch {
  /** recordedAt of the newest reading evaluated; what is not newer raises nothing. */
  lastAtUs: number;
  /** The newest, where it came while this process ran. */
  last: RecordedReading | null;
  /** The value before that. */
  previous: number | null;
  /** receivedAt of the newest. */
  heardAtUs: number;
  /** How long a value may be taken to hold when nothing newer comes. */
  freshUs: number;
  pairs: Pair[];
}

/** A device that at least one rule watches. */
export class DeviceWatch {
  readonly series = new Map<string, SeriesWatch>();
  pairs: Pair[] = [];
  /** Those that silence may concern. */
  silencePairs: Pair[] = [];
  heardAtUs = 0;
  /** receivedAt − recordedAt of the newest reading: how far the device's clock and the way to us are behind. */
  skewUs = 0;
  /** Stored states have been read. */
  loaded = false;
  /** Compare with the watch list's: rules or registry changed since. */
  generation = -1;

  constructor(public entry: DeviceEntry) {}

  /** Takes the rules that concern the device now and keeps what is known. @returns Pairs whose state no longer fits. */
  fit(rules: readonly LiveRule[], freshUsOf: (metric: string) => number): Pair[] {
    const known = new Map(this.pairs.map((pair) => [pair.rule.id, pair]));
    const reset: Pair[] = [];
    this.pairs = rules.map((rule) => {
      const before = known.get(rule.id);
      if (before?.rule === rule) return before;
      const pair: Pair = before
        ? { ...before, rule }
        : {
            rule,
            device: this,
            state: rule.node.initial,
            version: 0,
            heardUs: {},
            unwatchedUs: 0,
            dueAtMs: null,
            leaseMs: 0,
            learntAtUs: 0,
            overdue: false,
          };
      if (before && before.rule.shape !== rule.shape) reset.push(pair);
      return pair;
    });
    this.silencePairs = this.pairs.filter(({ rule }) => rule.node.silences.length > 0);
    for (const series of this.series.values()) series.pairs = [];
    for (const pair of this.pairs) for (const metric of pair.rule.node.metrics) this.seriesOf(metric, freshUsOf).pairs.push(pair);
    return reset;
  }

  seriesOf(metric: string, freshUsOf: (metric: string) => number): SeriesWatch {
    let series = this.series.get(metric);
    if (!series) {
      series = { lastAtUs: -Infinity, last: null, previous: null, heardAtUs: 0, freshUs: freshUsOf(metric), pairs: [] };
      this.series.set(metric, series);
    }
    return series;
  }

  /** The value before the one given, whether that is the newest stored here or one that is being evaluated. */
  valueBefore(metric: string | null, value: number | null): number | null {
    const series = metric === null ? undefined : this.series.get(metric);
    if (!series?.last) return null;
    return series.last.value === value ? series.previous : series.last.value;
  }

  /** The newest recordedAt among what the pair reads, microseconds; 0 when nothing was read yet. */
  lastAtUs(pair: Pair): number {
    return Math.max(0, ...pair.rule.node.metrics.map((metric) => this.series.get(metric)?.lastAtUs ?? 0));
  }
}

export const pairKey = (ruleId: string, deviceId: string) => `${ruleId}/${deviceId}`;
