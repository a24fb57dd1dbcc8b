import { executeQueryPlan, type ServiceMap } from '@apollo/gateway';
import type { QueryPlan } from '@apollo/query-planner';
import type { GraphQLFormattedError } from 'graphql';
import type { FetchContext } from '../subgraph-client/subgraph-client.js';
import { clientErrors, completionErrors, type ErrorPolicy } from './client-errors.js';
import type { PreparedOperation } from './prepared-operation.js';

export interface GraphQLResult {
  /** Absent when the operation was refused before execution. */
  data?: Record<string, unknown> | null;
  errors?: readonly GraphQLFormattedError[];
  extensions?: Record<string, unknown>;
}

type RequestContext = Parameters<typeof executeQueryPlan>[2];

/** Runs a plan and shapes the answer as the client may see it. */
export async function runPlan(
  prepared: PreparedOperation,
  plan: QueryPlan,
  services: ServiceMap,
  variables: Record<string, unknown>,
  context: FetchContext,
  policy: ErrorPolicy,
): Promise<GraphQLResult> {
  const { generation } = prepared;
  // executeQueryPlan reads these members and no others; contract-tested in plan-execution.spec.ts.
  const request = { request: { variables }, context, metrics: {}, logger: policy.log } as unknown as RequestContext;
  const { data, errors, extensions } = await executeQueryPlan(
    plan,
    services,
    request,
    prepared.context,
    generation.supergraphSchema,
    generation.apiSchema,
  );
  if (errors) return { data: data ?? null, errors: clientErrors(errors, context.requestId, policy) };
  const completion = extensions?.valueCompletion as readonly unknown[] | undefined;
  if (completion) return { data: data ?? null, errors: completionErrors(completion, context.requestId, policy.log) };
  return { data: data ?? null };
}
