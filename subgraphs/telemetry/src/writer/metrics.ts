import { METRIC } from '@pulsegraph/contracts';
import { counter, gauge, histogram } from '@pulsegraph/kit/metrics';

export const writerMetrics = {
  stored: counter(METRIC.readingsStored, 'Readings stored for the first time.'),
  duplicate: counter(METRIC.readingsDuplicate, 'Readings that were stored already.'),
  storeLatency: histogram(
    METRIC.storeLatency,
    'From receipt to stored, of the slowest message of each batch.',
    [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
  ),
  backlog: gauge(METRIC.logBacklog, 'Records accepted and not yet stored.'),
};
