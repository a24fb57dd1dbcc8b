import { residentBytes } from './cpu.js';
import { rounded } from './statistics.js';

const MEBIBYTE = 1_048_576;

export interface MemorySample {
  /** Since the first. */
  atSeconds: number;
  mebibytes: number;
}

/** Resident memory of one process, once a second. */
export class MemoryWatch {
  readonly samples: MemorySample[] = [];
  private readonly startedAt = performance.now();
  private readonly timer: NodeJS.Timeout;

  constructor(private readonly pid: number) {
    this.take();
    this.timer = setInterval(() => this.take(), 1_000);
  }

  get peakMebibytes(): number {
    return this.samples.reduce((peak, { mebibytes }) => Math.max(peak, mebibytes), 0);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private take(): void {
    this.samples.push({
      atSeconds: rounded((performance.now() - this.startedAt) / 1_000, 1),
      mebibytes: rounded(residentBytes(this.pid) / MEBIBYTE, 1),
    });
  }
}

/** Least squares. */
export function slopePerMinute(samples: readonly MemorySample[]): number {
  const mean = (of: (sample: MemorySample) => number) => samples.reduce((sum, sample) => sum + of(sample), 0) / samples.length;
  const [meanAt, meanSize] = [mean(({ atSeconds }) => atSeconds), mean(({ mebibytes }) => mebibytes)];
  const covariance = mean(({ atSeconds, mebibytes }) => (atSeconds - meanAt) * (mebibytes - meanSize));
  return rounded((covariance / mean(({ atSeconds }) => (atSeconds - meanAt) ** 2)) * 60);
}
