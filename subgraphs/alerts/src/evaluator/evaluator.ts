import { ReadingFlag, type LogRecord, type ReadingsRecord, type RecordedReading } from '@pulsegraph/contracts';
import type { LogEntry } from '@pulsegraph/kit/event-log';
import type { Log } from '@pulsegraph/kit/log';
import type { RegistryProjection } from '@pulsegraph/kit/registry';
import { evaluateSample, evaluateTick, mustStore, type NodeState, type Sample, type Verdict } from '../evaluation/index.js';
import { DeviceArrivals } from './device-arrivals.js';
import { pairKey, type DeviceWatch, type Pair } from './device-watch.js';
import { beginWatching, isHeardSince, PairTick, silenceOf } from './pair-tick.js';
import { spo2ScaleOf } from './surroundings.js';
import type { RuleBook } from './rule-book.js';
import type { Unsaved, VerdictSaver } from './verdict.saver.js';
import type { StateStore } from './state.store.js';
import { WatchList, type WatchEvents } from './watch-list.js';

/** What raises nothing, however new it is. */
const SILENT_FLAGS = ReadingFlag.LATE | ReadingFlag.HISTORICAL;
const MAX_CONFLICT_ROUNDS = 10;
/** A detector's memory is up to 8 KiB. */
const LEARNT_PER_WRITE = 200;

export interface EvaluatorOptions {
  rules: RuleBook;
  states: StateStore;
  saver: VerdictSaver;
  registry: RegistryProjection;
  log: Log;
  /** Milliseconds since 1970. */
  clock: () => number;
}

/**
 * Runs readings and time through the rules and stores what follows. States live in memory; the database is asked when a
 * device is first seen and told when a state changes. One thing at a time: a batch, a tick, a leader's duty.
 */
export class Evaluator implements WatchEvents {
  /** Not stored yet. Stays here when storing fails: the log delivers the batch again, and its readings are no news then. */
  private readonly unsaved = new Map<string, Unsaved>();
  /** Pairs that time alone moves on. */
  private readonly waiting = new Set<Pair>();
  private turn: Promise<unknown> = Promise.resolve();
  private place: Unsaved['place'] = null;
  private readonly out: Verdict[] = [];
  private readonly sample: Sample = { metric: '', atUs: 0, value: 0, text: null, unit: '1', spo2Scale: 1 };

  private readonly arrivals: DeviceArrivals;
  readonly watches: WatchList;

  constructor(private readonly options: EvaluatorOptions) {
    const { registry, rules, states, clock } = options;
    this.watches = new WatchList(registry, rules, states, clock, this);
    this.arrivals = new DeviceArrivals(registry);
  }

  /** The event log's handler: rejects when the outcome could not be stored. */
  handle(batch: readonly LogEntry[]): Promise<void> {
    return this.inTurn(async () => {
      const deviceIds = new Set<string>();
      for (const { record } of batch) if (record.deviceId !== null) deviceIds.add(record.deviceId);
      await this.arrivals.wait(deviceIds);
      await this.watches.load(deviceIds);
      for (const entry of batch) {
        this.place = entry;
        this.evaluate(entry.record);
      }
      this.place = null;
      await this.save();
    });
  }

  /** Time has passed: ends waits whose deadline came, and keeps alive what others would take for silence. */
  tick(): Promise<void> {
    return this.inTurn(async () => {
      const nowMs = this.options.clock();
      for (const pair of this.waiting) {
        const tick = new PairTick(pair, this.options.registry, nowMs);
        const due = pair.rule.node.dueAtUs(pair.state);
        if (due === null || this.watches.pair(pair.rule.id, pair.device.entry.id) !== pair) this.waiting.delete(pair);
        else if (due < tick.atUs) this.runTick(pair, tick);
      }
      for (const watch of this.watches.known()) for (const pair of watch.silencePairs) this.extendSilence(pair, nowMs);
      await this.save();
    });
  }

  /** Evaluates pairs now, whether anything was heard or not: connectivity, and silences that fell due. */
  evaluateNow(pairs: readonly { ruleId: string; deviceId: string }[], { store = false } = {}): Promise<void> {
    return this.inTurn(async () => {
      await this.watches.load(new Set(pairs.map(({ deviceId }) => deviceId)));
      const nowMs = this.options.clock();
      for (const { ruleId, deviceId } of pairs) {
        const pair = this.watches.pair(ruleId, deviceId);
        if (!pair) continue;
        const neverSeen = this.options.registry.connectivity(deviceId)?.connectivity === 'NEVER_SEEN';
        if (store || neverSeen) beginWatching(pair, nowMs, neverSeen);
        this.runTick(pair, new PairTick(pair, this.options.registry, nowMs));
        if (store) this.note(pair);
      }
      await this.save();
    });
  }

  /** Looks anew at which rules watch these devices, although they have sent nothing. */
  refit(deviceIds: Iterable<string>): Promise<void> {
    return this.inTurn(async () => {
      for (const id of deviceIds) this.watches.of(id);
      await this.save();
    });
  }

  /**
   * Stores what was learnt, which no change of phase would. A few at a time; all of it only before stopping.
   * @param limit How many pairs at most.
   */
  storeLearnt(limit: number): Promise<void> {
    return this.inTurn(async () => {
      const known = [...this.watches.known()].flatMap(({ pairs }) => pairs);
      const learning = known.filter((pair) => pair.rule.node.learns && pair.learntAtUs < pair.device.lastAtUs(pair));
      learning.sort((a, b) => a.learntAtUs - b.learntAtUs);
      for (let from = 0; from < Math.min(limit, learning.length); from += LEARNT_PER_WRITE) {
        for (const pair of learning.slice(from, Math.min(limit, from + LEARNT_PER_WRITE))) {
          pair.learntAtUs = pair.device.lastAtUs(pair);
          this.note(pair);
        }
        await this.save();
      }
    });
  }

  /** Takes over what other evaluators have stored for devices known here. */
  catchUp(): Promise<void> {
    return this.inTurn(async () => {
      for (const row of await this.options.states.writtenByOthers()) {
        const pair = this.watches.adopt(row);
        if (pair) this.continueFrom(pair, row.last_at_us);
      }
      await this.save();
    });
  }

  onKnown(pair: Pair): void {
    if (pair.rule.node.dueAtUs(pair.state) !== null) this.waiting.add(pair);
  }

  onReset(pair: Pair, wasActive: boolean): void {
    const { state } = pair;
    const atUs = this.options.clock() * 1_000;
    const verdict: Verdict = {
      move: 'RESOLVE',
      kind: 'COMPOSITE',
      metric: null,
      value: null,
      threshold: null,
      startedAtUs: state.phase.sinceUs,
      atUs,
    };
    this.note(pair, wasActive ? [verdict] : []);
  }

  /** Runs when nothing else does. */
  inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.turn.then(work);
    this.turn = result.catch(() => undefined);
    return result;
  }

  private evaluate(record: LogRecord): void {
    if (record.type === 'rejection') return;
    const watch = this.watches.of(record.deviceId);
    if (!watch || watch.pairs.length === 0) return;
    if (record.type === 'readings') this.evaluateReadings(watch, record);
    else if (record.event === 'status' && !record.online) return;
    watch.heardAtUs = Math.max(watch.heardAtUs, record.receivedAtUs);
    for (const pair of watch.silencePairs) {
      if (pair.overdue && isHeardSince(pair)) this.runTick(pair, new PairTick(pair, this.options.registry, record.receivedAtUs / 1_000));
    }
  }

  private evaluateReadings(watch: DeviceWatch, record: ReadingsRecord): void {
    for (const reading of inOrder(record.readings)) {
      if ((reading.flags & SILENT_FLAGS) !== 0) continue;
      const series = watch.series.get(reading.metric);
      if (!series || reading.recordedAtUs <= series.lastAtUs) continue;
      watch.skewUs = record.receivedAtUs - reading.recordedAtUs;
      if (record.receivedAtUs > series.heardAtUs) series.heardAtUs = record.receivedAtUs;
      this.take(reading);
      for (const pair of series.pairs) this.runSample(pair, this.sample, record.receivedAtUs);
      series.lastAtUs = reading.recordedAtUs;
      series.previous = series.last?.value ?? null;
      series.last = reading;
    }
  }

  private take({ metric, recordedAtUs, value, text, unit }: RecordedReading): void {
    const { sample } = this;
    sample.metric = metric;
    sample.atUs = recordedAtUs;
    sample.value = value ?? NaN;
    sample.text = text;
    sample.unit = unit;
  }

  private runSample(pair: Pair, sample: Sample, receivedAtUs: number): void {
    const { rule } = pair;
    if (rule.node.usesPatient) sample.spo2Scale = spo2ScaleOf(pair.device.entry.id, sample.atUs, this.options.registry);
    try {
      const tickBefore = () => new PairTick(pair, this.options.registry, receivedAtUs / 1_000, sample.atUs);
      const after = evaluateSample(rule.node, pair.state, sample, tickBefore, this.out);
      rule.evaluatedAtMs = receivedAtUs / 1_000;
      rule.error = null;
      if (after !== pair.state) this.move(pair, after);
    } catch (error) {
      this.fail(pair, error);
    }
  }

  private runTick(pair: Pair, tick: PairTick): void {
    try {
      const after = evaluateTick(pair.rule.node, pair.state, tick, this.out);
      pair.rule.evaluatedAtMs = tick.nowUs / 1_000;
      pair.rule.error = null;
      if (after !== pair.state) this.move(pair, after);
      // A silence that fell due without effect: what is stored must say when the next one does.
      else if (pair.overdue || (pair.dueAtMs !== null && pair.dueAtMs * 1_000 <= tick.nowUs)) this.note(pair);
    } catch (error) {
      this.fail(pair, error);
    }
  }

  private move(pair: Pair, after: NodeState): void {
    const before = pair.state;
    pair.state = after;
    for (const verdict of this.out) verdict.previousValue = pair.device.valueBefore(verdict.metric, verdict.value);
    if (this.out.length > 0 || mustStore(before, after)) this.note(pair, this.out.splice(0));
    if (pair.rule.node.dueAtUs(after) !== null) this.waiting.add(pair);
    else this.waiting.delete(pair);
  }

  private note(pair: Pair, verdicts: readonly Verdict[] = []): void {
    const key = pairKey(pair.rule.id, pair.device.entry.id);
    const noted = this.unsaved.get(key);
    if (noted) {
      noted.pair = pair;
      noted.place = this.place ?? noted.place;
      noted.verdicts.push(...verdicts);
    } else this.unsaved.set(key, { pair, verdicts: [...verdicts], place: this.place });
  }

  /** A rule that fails marks itself and disturbs no other. */
  private fail({ rule, device }: Pair, error: unknown): void {
    this.out.length = 0;
    const message = error instanceof Error ? error.message : String(error);
    if (rule.error !== message) this.options.log.error({ err: error, ruleId: rule.id, deviceId: device.entry.id }, 'A rule failed');
    rule.error = message;
  }

  /** Well before others would find the pair silent, says that it is not. */
  private extendSilence(pair: Pair, nowMs: number): void {
    if (pair.overdue || (pair.dueAtMs !== null && pair.dueAtMs - nowMs > pair.leaseMs / 2)) return;
    const { dueAtMs } = silenceOf(pair, this.options.registry, nowMs);
    if (dueAtMs !== null && dueAtMs > (pair.dueAtMs ?? 0)) this.note(pair);
  }

  private async save(): Promise<void> {
    for (let round = 0; this.unsaved.size > 0; round++) {
      if (round === MAX_CONFLICT_ROUNDS) throw new Error('Other evaluators keep changing the same states.');
      this.settleSilences();
      const unsaved = this.current();
      const conflicts = await this.options.saver.save(unsaved);
      this.unsaved.clear();
      if (conflicts.length === 0) continue;
      const rows = await this.options.states.ofPairs(conflicts.map(({ rule, device }) => ({ ruleId: rule.id, deviceId: device.entry.id })));
      for (const pair of conflicts) pair.version = 0;
      for (const row of rows) {
        const pair = this.watches.adopt(row);
        if (pair) this.continueFrom(pair, row.last_at_us);
      }
    }
  }

  /** What is stored says when silence falls due next, so whatever is due already must have been found. */
  private settleSilences(): void {
    const nowMs = this.options.clock();
    for (const { pair } of [...this.unsaved.values()]) {
      if (pair.rule.node.silences.length > 0) this.runTick(pair, new PairTick(pair, this.options.registry, nowMs));
    }
  }

  /** Rules may have been replaced while storing failed. */
  private current(): Unsaved[] {
    return [...this.unsaved.values()].flatMap((item) => {
      const pair = this.watches.pair(item.pair.rule.id, item.pair.device.entry.id);
      return pair ? [{ ...item, pair }] : [];
    });
  }

  /** From a state that another evaluator stored: what is newer here comes on top of it. */
  private continueFrom(pair: Pair, lastAtUs: number): void {
    for (const metric of pair.rule.node.metrics) {
      const series = pair.device.series.get(metric);
      if (!series?.last || series.lastAtUs <= lastAtUs) continue;
      this.take(series.last);
      this.runSample(pair, this.sample, series.lastAtUs + pair.device.skewUs);
    }
    if (isHeardSince(pair)) this.runTick(pair, new PairTick(pair, this.options.registry, this.options.clock()));
  }
}

/** Readings of one message mostly come in order; those that do not are put so, or the older ones would count as no news. */
function inOrder(readings: readonly RecordedReading[]): readonly RecordedReading[] {
  for (let index = 1; index < readings.length; index++) {
    if (readings[index]!.recordedAtUs < readings[index - 1]!.recordedAtUs) {
      return readings.toSorted((a, b) => a.recordedAtUs - b.recordedAtUs);
    }
  }
  return readings;
}
