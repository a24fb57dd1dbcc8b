import type { GraphQLDataSource, ServiceMap } from '@apollo/gateway';
import { eventsExecuted } from '../metrics.js';
import type { ErrorPolicy } from '../operation/client-errors.js';
import { runPart, withDefaults, type GraphQLResult, type PlanContext } from '../operation/plan-execution.js';
import type { FetchContext } from '../subgraph-client/subgraph-client.js';
import { EVENT_SERVICE, type LivePlan } from './live-plan.js';
import type { UpstreamEvent } from './upstream.js';

/** Completes one event for one distinct operation: fetches of entities, then the client's shape. Never rejects. */
export async function executeEvent(
  plan: LivePlan,
  event: UpstreamEvent,
  ownCopy: boolean,
  services: ServiceMap,
  variables: Record<string, unknown>,
  context: FetchContext,
  policy: ErrorPolicy,
): Promise<GraphQLResult> {
  eventsExecuted.inc();
  const { data, errors } = event.response;
  // Merging entity fetches changes the data in place.
  const response = { data: ownCopy ? data : copy(data), errors } as Awaited<ReturnType<GraphQLDataSource['process']>>;
  const withEvent = Object.create(services) as ServiceMap;
  withEvent[EVENT_SERVICE] = {
    process: ({ context: running }) => {
      if (response.data) (running as PlanContext).roots.push(response.data);
      return Promise.resolve(response);
    },
  };
  const { prepared, eventPart } = plan;
  const complete = prepared.defaults ? withDefaults(variables, prepared.defaults) : variables;
  const result = await runPart(prepared, eventPart, withEvent, complete, context, policy);
  return event.gap ? { ...result, extensions: { delivery: { gap: true } } } : result;
}

/** Plain JSON data only; much faster than structuredClone. */
function copy<T>(value: T): T {
  if (Array.isArray(value)) return value.map(copy) as T;
  if (typeof value !== 'object' || value === null) return value;
  if (typeof (value as { toJSON?: unknown }).toJSON === 'function') return value;
  const result: Record<string, unknown> = {};
  for (const key of Object.keys(value)) result[key] = copy((value as Record<string, unknown>)[key]);
  return result as T;
}
