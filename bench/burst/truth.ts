import { quantile, rounded } from '../measure/statistics.js';
import type { StatusSample } from './status-watch.js';

/** `readingsPerSecond` is over ten whole seconds, and said once a second. */
const RATE_WINDOW_MS = 10_000;
/** What a sample may be older than the publishers' figures beside it. */
const STALE_MS = 3_000;
/** Above the five seconds at which the pipeline itself calls a delay degraded, with what waits before it is received. */
const LONG_DELAY_MS = 10_000;

export interface Truth {
  samples: number;
  /** Said against acknowledged over the same ten seconds, as a share; where both were possible. */
  rateErrorP50: number | null;
  rateErrorMax: number | null;
  backlogPeak: number;
  /** Said more to wait than the publishers had sent and the platform not yet counted as stored. */
  backlogTooHigh: number;
  /** Said nothing waits while acknowledged readings were not yet stored for seconds. */
  backlogTooLow: number;
  longestDelayMs: number;
  health: Record<string, number>;
  /** HEALTHY while readings had waited for more than ten seconds, or DOWN while readings were being stored. */
  healthWrong: number;
}

/** Holds what `pipelineStatus` said against what the publishers counted. `accepted` is what it had accepted before. */
export function truthOf(samples: readonly StatusSample[], acceptedBefore: number): Truth {
  const errors: number[] = [];
  const health: Record<string, number> = {};
  let [backlogTooHigh, backlogTooLow, healthWrong, longestDelayMs] = [0, 0, 0, 0];
  for (const [index, sample] of samples.entries()) {
    const stored = sample.acceptedTotal - acceptedBefore;
    const earlier = samples.findLast(({ atMs }) => atMs <= sample.atMs - STALE_MS);
    const delayMs = delayOf(samples, index, stored);
    longestDelayMs = Math.max(longestDelayMs, delayMs);
    health[sample.health] = (health[sample.health] ?? 0) + 1;

    if (earlier && sample.backlog > sample.sent - (earlier.acceptedTotal - acceptedBefore)) backlogTooHigh += 1;
    if (earlier && sample.backlog === 0 && stored < earlier.acknowledged) backlogTooLow += 1;
    const moving = index > 0 && sample.acceptedTotal > samples[index - 1]!.acceptedTotal;
    if ((sample.health === 'HEALTHY' && delayMs > LONG_DELAY_MS) || (sample.health === 'DOWN' && moving)) healthWrong += 1;

    const first = samples.findLast(({ atMs }) => atMs <= sample.atMs - RATE_WINDOW_MS);
    const perSecond = first && (sample.acknowledged - first.acknowledged) / ((sample.atMs - first.atMs) / 1_000);
    if (perSecond) errors.push(Math.abs(sample.readingsPerSecond - perSecond) / perSecond);
  }
  return {
    samples: samples.length,
    rateErrorP50: errors.length > 0 ? rounded(quantile(errors, 0.5), 3) : null,
    rateErrorMax: errors.length > 0 ? rounded(quantile(errors, 1), 3) : null,
    backlogPeak: Math.max(0, ...samples.map(({ backlog }) => backlog)),
    backlogTooHigh,
    backlogTooLow,
    longestDelayMs: Math.round(longestDelayMs),
    health,
    healthWrong,
  };
}

/** How long ago the publishers had sent more than is stored now. */
function delayOf(samples: readonly StatusSample[], index: number, stored: number): number {
  const firstUnstored = samples.findIndex(({ sent }) => sent > stored);
  return firstUnstored < 0 || firstUnstored > index ? 0 : samples[index]!.atMs - samples[firstUnstored]!.atMs;
}
