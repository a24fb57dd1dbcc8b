import type { RegistryProjection } from '@pulsegraph/kit/registry';
import type { Held, Tick } from '../evaluation/index.js';
import type { Pair } from './device-watch.js';
import { missingAfterUsOf } from './surroundings.js';

/** Key of the device as a whole among what was heard. */
const DEVICE = '';

/** The passing of time as one pair sees it. */
export class PairTick implements Tick {
  readonly nowUs: number;

  constructor(
    private readonly pair: Pair,
    private readonly registry: RegistryProjection,
    nowMs: number,
    /** By the device's clock. */
    readonly atUs: number = nowMs * 1_000 - pair.device.skewUs,
  ) {
    this.nowUs = nowMs * 1_000;
  }

  held(metric: string): Held | undefined {
    const series = this.pair.device.series.get(metric);
    if (!series || series.lastAtUs <= 0) return undefined;
    return { atUs: series.lastAtUs, heldUntilUs: series.lastAtUs + series.freshUs };
  }

  heardAtUs(metric: string | null): number | null {
    return heardAtUs(this.pair, metric) || null;
  }

  get unwatchedUs(): number {
    return unwatchedUs(this.pair);
  }

  missingAfterUs(metric: string): number {
    return missingAfterUsOf(this.pair.device.entry, metric, this.registry);
  }

  get connectivity(): Tick['connectivity'] {
    const entry = this.registry.connectivity(this.pair.device.entry.id);
    if (!entry || entry.connectivity === 'NEVER_SEEN') return null;
    return { offline: entry.connectivity === 'OFFLINE', sinceUs: entry.sinceMs * 1_000 };
  }
}

/** Here or, before a restart, elsewhere; 0 when never while anybody watched. */
function heardAtUs(pair: Pair, metric: string | null): number {
  const { device, heardUs } = pair;
  const here = metric === null ? device.heardAtUs : (device.series.get(metric)?.heardAtUs ?? 0);
  return Math.max(here, heardUs[metric ?? DEVICE] ?? 0);
}

/** Time that nobody watched counts only until the device is heard again. */
function unwatchedUs(pair: Pair): number {
  return pair.unwatchedUs === 0 || isHeardSince(pair) ? 0 : pair.unwatchedUs;
}

/** Something that the pair listens for has been heard here since its state was stored. */
export function isHeardSince(pair: Pair): boolean {
  return pair.rule.node.silences.some(({ metric }) => heardAtUs(pair, metric) > (pair.heardUs[metric ?? DEVICE] ?? 0));
}

/** What of silence to store for the pair: when each part was heard, and when the next of them falls due. */
export function silenceOf(
  pair: Pair,
  registry: RegistryProjection,
  nowMs: number,
): Pick<Pair, 'heardUs' | 'unwatchedUs' | 'dueAtMs' | 'leaseMs' | 'overdue'> {
  const heardUs: Record<string, number> = {};
  let dueAtMs: number | null = null;
  let overdue = false;
  for (const { metric } of pair.rule.node.silences) heardUs[metric ?? DEVICE] = heardAtUs(pair, metric);
  const unwatched = unwatchedUs(pair);
  for (const { metric, afterUs } of pair.rule.node.silences) {
    const limitUs = afterUs ?? missingAfterUsOf(pair.device.entry, metric ?? DEVICE, registry);
    const dueMs = (heardUs[metric ?? DEVICE]! + unwatched + limitUs) / 1_000;
    if (dueMs <= nowMs) overdue = true;
    else dueAtMs = Math.min(dueAtMs ?? Infinity, dueMs);
  }
  return { heardUs, unwatchedUs: unwatched, dueAtMs, leaseMs: dueAtMs === null ? 0 : dueAtMs - nowMs, overdue };
}

/** Nobody has heard of it while anybody watched, or ever: its silence counts from now. */
export function beginWatching(pair: Pair, nowMs: number, neverSeen: boolean): void {
  for (const { metric } of pair.rule.node.silences) {
    if (neverSeen || heardAtUs(pair, metric) === 0) pair.heardUs = { ...pair.heardUs, [metric ?? DEVICE]: nowMs * 1_000 };
  }
}
