import { Counter, Gauge, Histogram, collectDefaultMetrics, register } from 'prom-client';

export { register as metricsRegister };

// Standalone mounts every part in one process: a second request for a name gets the metric that is there.
function existing<T>(name: string): T | undefined {
  return register.getSingleMetric(name) as T | undefined;
}

/** Labels must come from a fixed set: a label per device or user grows without bound. */
export function counter<L extends string = never>(name: string, help: string, labelNames: readonly L[] = []): Counter<L> {
  return existing<Counter<L>>(name) ?? new Counter({ name, help, labelNames });
}

export function gauge<L extends string = never>(name: string, help: string, labelNames: readonly L[] = []): Gauge<L> {
  return existing<Gauge<L>>(name) ?? new Gauge({ name, help, labelNames });
}

/** @param buckets Upper bounds in the metric's own unit (seconds, bytes). */
export function histogram<L extends string = never>(
  name: string,
  help: string,
  buckets: number[],
  labelNames: readonly L[] = [],
): Histogram<L> {
  return existing<Histogram<L>>(name) ?? new Histogram({ name, help, buckets, labelNames });
}

let collecting = false;
/** Event-loop lag, heap, CPU: once per process. */
export function collectProcessMetrics(): void {
  if (collecting) return;
  collecting = true;
  collectDefaultMetrics();
}
