import { counter, gauge, histogram } from '@pulsegraph/kit/metrics';

const LATENCY_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

export const planCacheHits = counter('pulsegraph_gateway_plan_cache_total', 'Look-ups of a prepared operation.', ['result']);
export const responseCacheHits = counter('pulsegraph_gateway_response_cache_total', 'Look-ups of declared queries in the response cache.', [
  'result',
]);
export const planSeconds = histogram(
  'pulsegraph_gateway_plan_seconds',
  'Parsing, validating and planning of a new document.',
  LATENCY_SECONDS,
);
export const operationSeconds = histogram(
  'pulsegraph_gateway_operation_seconds',
  'Queries and mutations from receipt to answer.',
  LATENCY_SECONDS,
  ['kind', 'operation', 'client', 'outcome'],
);
export const subgraphSeconds = histogram('pulsegraph_gateway_subgraph_seconds', 'Fetches by subgraph.', LATENCY_SECONDS, [
  'service',
  'outcome',
]);
export const socketsOpen = gauge('pulsegraph_gateway_sockets_open', 'Open client connections that carry subscriptions.', ['transport']);
export const upstreamsOpen = gauge('pulsegraph_gateway_upstreams_open', 'Open subscriptions to subgraphs.', ['service']);
export const upstreamsOpened = counter(
  'pulsegraph_gateway_upstreams_opened_total',
  'Subscriptions opened to subgraphs, reopening included.',
  ['service', 'why'],
);
export const groupsOpen = gauge(
  'pulsegraph_gateway_live_groups_open',
  'Distinct live operations; clients divided by this is the sharing factor.',
);
export const liveOpen = gauge('pulsegraph_gateway_live_operations_open', 'Open subscriptions of clients.');
export const liveStarted = counter('pulsegraph_gateway_live_operations_started_total', 'Subscriptions of clients that were admitted.');
export const liveEnded = counter('pulsegraph_gateway_live_operations_ended_total', 'Subscriptions of clients by why they ended.', [
  'reason',
]);
export const eventsReceived = counter('pulsegraph_gateway_live_events_received_total', 'Events from subgraphs.', ['service']);
export const eventsExecuted = counter(
  'pulsegraph_gateway_live_events_executed_total',
  'Executions of a live operation: one per event and distinct operation.',
);
export const eventSeconds = histogram(
  'pulsegraph_gateway_live_event_seconds',
  'From the arrival of an event to the moment when it was handed to every quick client: the lag that we add.',
  LATENCY_SECONDS,
);
export const payloadsSent = counter('pulsegraph_gateway_live_payloads_sent_total', 'Payloads handed to client connections.');
export const itemsSkipped = counter('pulsegraph_gateway_live_items_skipped_total', 'Items that slow clients did not get.');
export const slowClients = gauge('pulsegraph_gateway_live_slow_clients', 'Live operations whose client reads too slowly just now.');
export const supergraphVersion = gauge(
  'pulsegraph_gateway_supergraph_version',
  'Version of the graph that is served, where it comes from the registry.',
);
export const usageReports = counter('pulsegraph_gateway_usage_reports_total', 'Reports of usage to the registry.', ['result']);
export const supergraphLoads = counter('pulsegraph_gateway_supergraph_loads_total', 'Supergraphs taken or refused.', ['result']);

/** Names that callers choose become labels up to a number; the rest are one. */
export function boundedLabel(max: number): (name: string) => string {
  const known = new Set<string>();
  return (name) => {
    if (known.has(name)) return name;
    if (known.size >= max) return 'other';
    known.add(name);
    return name;
  };
}
