import { buildOperationContext, executeQueryPlan, type ServiceMap } from '@apollo/gateway';
import type { QueryPlan } from '@apollo/query-planner';
import { parse, type GraphQLFormattedError, type GraphQLSchema } from 'graphql';
import type { FetchContext } from '../subgraph-client/subgraph-client.js';
import { clientErrors, completionErrors, type ErrorPolicy } from './client-errors.js';
import { mergeRoots } from './merge-roots.js';
import type { PreparedOperation } from './prepared-operation.js';

export interface GraphQLResult {
  /** Absent when the operation was refused before execution. */
  data?: Record<string, unknown> | null;
  errors?: readonly GraphQLFormattedError[];
  extensions?: Record<string, unknown>;
}

/** What a data source gets as context. Answers of root fetches are collected on the way: see `runPlan`. */
export interface PlanContext extends FetchContext {
  readonly roots: Record<string, unknown>[];
}

type RequestContext = Parameters<typeof executeQueryPlan>[2];
type OperationContext = ReturnType<typeof buildOperationContext>;

const EMPTY = parse('{ __typename }', { noLocation: true });
const emptyOperations = new WeakMap<GraphQLSchema, OperationContext>();

function emptyOperation(schema: GraphQLSchema): OperationContext {
  let context = emptyOperations.get(schema);
  if (!context) emptyOperations.set(schema, (context = buildOperationContext({ schema, operationDocument: EMPTY })));
  return context;
}

/**
 * Runs a plan and shapes the answer as the client may see it. Apollo's executor does the fetches, the merging of
 * entities and the paths of errors. Shaping is ours: the executor is told of an empty operation, and what it has merged
 * is read from the answers of the root fetches, into which it merges everything. plan-execution.spec.ts holds both ways
 * to the same answers.
 */
export async function runPlan(
  prepared: PreparedOperation,
  plan: QueryPlan,
  services: ServiceMap,
  given: Record<string, unknown>,
  fetchContext: FetchContext,
  policy: ErrorPolicy,
): Promise<GraphQLResult> {
  const { generation, defaults } = prepared;
  const { requestId } = fetchContext;
  const variables = defaults ? withDefaults(given, defaults) : given;
  const shape = prepared.shapes?.(variables);
  const context: PlanContext = { ...fetchContext, roots: [] };
  // executeQueryPlan reads these members and no others.
  const request = { request: { variables }, context, metrics: {}, logger: policy.log } as unknown as RequestContext;
  const operation = shape ? emptyOperation(generation.schema) : prepared.context;
  const result =
    plan.node || !shape
      ? await executeQueryPlan(plan, services, request, operation, generation.supergraphSchema, generation.apiSchema)
      : {};

  const shaped = shape?.(mergeRoots(context.roots));
  const data = shaped ? shaped.data : (result.data ?? null);
  if (result.errors) return { data, errors: clientErrors(result.errors, requestId, policy) };
  const broken = shaped ? shaped.errors : (result.extensions?.valueCompletion as readonly unknown[] | undefined);
  return broken && broken.length > 0 ? { data, errors: completionErrors(broken, requestId, policy.log) } : { data };
}

function withDefaults(given: Record<string, unknown>, defaults: Record<string, unknown>): Record<string, unknown> {
  const variables = { ...given };
  for (const name of Object.keys(defaults)) if (variables[name] === undefined) variables[name] = defaults[name];
  return variables;
}
