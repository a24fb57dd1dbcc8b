import { gaussian, seedOf, seededRandom } from './random.js';

export interface SignalOptions {
  /** The value it returns to. */
  centre: number;
  /** Standard deviation around it in the long run. */
  spread: number;
  min: number;
  max: number;
  /** What an anomaly looks like: one of these is added, drawn at random. */
  anomalies: readonly number[];
  /** Share of readings that are part of an anomaly, 0 to 1. */
  anomalyShare: number;
  decimals: number;
}

/** How much of the deviation is left after one step: slow enough to look like a machine, quick enough to come back. */
const MEMORY = 0.92;
/** Readings an anomaly lasts, so that a rule with a duration can see it. */
const ANOMALY_LENGTH = 8;

/** A mean-reverting walk with anomalies, reproducible from its seed. */
export function createSignal(seed: number, name: string, options: SignalOptions): () => number {
  const random = seededRandom(seedOf(seed, name));
  const { centre, spread, min, max, anomalies, anomalyShare, decimals } = options;
  const step = spread * Math.sqrt(1 - MEMORY * MEMORY);
  const scale = 10 ** decimals;
  let deviation = 0;
  let anomalyLeft = 0;
  let anomaly = 0;
  return () => {
    deviation = deviation * MEMORY + gaussian(random) * step;
    // Drawn once per reading whether or not one is running: the walk must not depend on the anomalies.
    const begins = random() < anomalyShare / ANOMALY_LENGTH / (1 - anomalyShare);
    const which = Math.floor(random() * anomalies.length);
    if (anomalyLeft > 0) anomalyLeft--;
    else if (begins && anomalies.length > 0) {
      anomalyLeft = ANOMALY_LENGTH - 1;
      anomaly = anomalies[which]!;
    } else anomaly = 0;
    const normal = Math.min(max, Math.max(min, centre + deviation));
    return Math.round((normal + anomaly) * scale) / scale;
  };
}
