import type { RegistryChange } from '@pulsegraph/contracts';
import type { RegistryProjection } from '@pulsegraph/kit/registry';
import { isActive } from '../evaluation/index.js';
import { DeviceWatch, type Pair } from './device-watch.js';
import type { RuleBook } from './rule-book.js';
import { freshUsOf } from './surroundings.js';
import type { StateRow, StateStore } from './state.store.js';

export interface WatchEvents {
  /** The pair's rule has another structure now: what was known of it is void. */
  onReset(pair: Pair, wasActive: boolean): void;
  /** The pair stands for one that was replaced, or has taken a stored state. */
  onKnown(pair: Pair): void;
}

/** The devices that rules watch, each fitted with its rules when it is next looked at. */
export class WatchList {
  private readonly watches = new Map<string, DeviceWatch>();
  private generation = 0;

  constructor(
    private readonly registry: RegistryProjection,
    private readonly rules: RuleBook,
    private readonly states: StateStore,
    private readonly clock: () => number,
    private readonly events: WatchEvents,
  ) {}

  /** Rules or places have changed: every device is fitted anew when it is next looked at. */
  refitAll(): void {
    this.generation++;
  }

  onRegistryChange(changes: readonly RegistryChange[], snapshot: boolean): void {
    if (snapshot || changes.some(({ kind }) => kind === 'profile' || kind === 'asset')) return this.refitAll();
    for (const change of changes) {
      const deviceId =
        change.kind === 'device' ? change.id : change.kind === 'assignment' && change.value ? change.value.deviceId : undefined;
      const watch = deviceId === undefined ? undefined : this.watches.get(deviceId);
      if (watch) watch.generation = -1;
      // A removed assignment does not say whose it was.
      if (change.kind === 'assignment' && !change.value) this.refitAll();
    }
  }

  /** Undefined for a device that the registry does not know (yet). */
  of(deviceId: string): DeviceWatch | undefined {
    const watch = this.watches.get(deviceId);
    return watch?.generation === this.generation ? watch : this.refit(deviceId, watch);
  }

  known(): Iterable<DeviceWatch> {
    return this.watches.values();
  }

  pair(ruleId: string, deviceId: string): Pair | undefined {
    return this.of(deviceId)?.pairs.find(({ rule }) => rule.id === ruleId);
  }

  /** Reads the stored states of devices seen for the first time. */
  async load(deviceIds: Iterable<string>): Promise<void> {
    const fresh = new Set<string>();
    for (const id of deviceIds) {
      const watch = this.of(id);
      if (watch && !watch.loaded && watch.pairs.length > 0) fresh.add(id);
    }
    if (fresh.size === 0) return;
    for (const row of await this.states.ofDevices([...fresh])) this.adopt(row);
    for (const id of fresh) this.watches.get(id)!.loaded = true;
  }

  /** Takes a stored state over what is known here. @returns The pair, unless no rule of ours fits the row. */
  adopt(row: StateRow): Pair | undefined {
    const pair = this.pair(row.rule_id, row.device_id);
    if (!pair || pair.version >= row.version) return undefined;
    const fits = row.shape === pair.rule.shape;
    Object.assign(pair, {
      state: fits ? row.state : pair.rule.node.initial,
      version: row.version,
      learntAtUs: row.last_at_us,
      heardUs: row.heard ?? {},
      unwatchedUs: row.unwatched_us,
      dueAtMs: row.due_at_ms,
      leaseMs: row.due_at_ms === null ? 0 : row.due_at_ms - this.clock(),
      // Whether it still is, the next word from the device will show.
      overdue: pair.rule.node.silences.length > 0,
    });
    for (const metric of pair.rule.node.metrics) {
      const series = pair.device.series.get(metric);
      if (!series || series.lastAtUs >= row.last_at_us) continue;
      series.lastAtUs = row.last_at_us;
      series.last = null;
    }
    if (!fits) this.events.onReset(pair, isActive(row.state.phase));
    this.events.onKnown(pair);
    return pair;
  }

  private refit(deviceId: string, known: DeviceWatch | undefined): DeviceWatch | undefined {
    const entry = this.registry.device(deviceId);
    if (!entry) return undefined;
    const watch = known ?? new DeviceWatch(entry);
    if (!known) this.watches.set(deviceId, watch);
    watch.entry = entry;
    watch.generation = this.generation;
    const freshUs = (metric: string) => freshUsOf(entry, metric, this.registry);
    for (const pair of watch.fit(this.rules.rulesFor(entry, this.clock()), freshUs)) {
      const wasActive = isActive(pair.state.phase);
      pair.state = pair.rule.node.initial;
      this.events.onReset(pair, wasActive);
    }
    for (const pair of watch.pairs) this.events.onKnown(pair);
    return watch;
  }
}
