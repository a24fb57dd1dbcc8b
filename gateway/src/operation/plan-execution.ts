import { buildOperationContext, executeQueryPlan, type ServiceMap } from '@apollo/gateway';
import { parse, type GraphQLFormattedError, type GraphQLSchema } from 'graphql';
import type { FetchContext } from '../subgraph-client/subgraph-client.js';
import { clientErrors, completionErrors, type ErrorPolicy } from './client-errors.js';
import { mergeRoots } from './merge-roots.js';
import type { PlannedPart, PreparedOperation } from './prepared-operation.js';
import { clientPath } from './safe-names.js';

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
 * Runs what was planned and shapes the answer as the client may see it. Apollo's executor does the fetches, the merging
 * of entities and the paths of errors. Shaping is ours: the executor is told of an empty operation, and what it has
 * merged is read from the answers of the root fetches, into which it merges everything. plan-execution.spec.ts holds
 * both ways to the same answers.
 */
export async function runPlan(
  prepared: PreparedOperation,
  services: ServiceMap,
  given: Record<string, unknown>,
  fetchContext: FetchContext,
  policy: ErrorPolicy,
): Promise<GraphQLResult> {
  const variables = prepared.defaults ? withDefaults(given, prepared.defaults) : given;
  const [only, ...others] = prepared.parts;
  if (others.length === 0) return runPart(prepared, only!, services, variables, fetchContext, policy);
  const results = await Promise.all(prepared.parts.map((part) => runPart(prepared, part, services, variables, fetchContext, policy)));
  const errors = results.flatMap((result) => result.errors ?? []);
  const data = results.some((result) => !result.data) ? null : mergeRoots(results.map((result) => result.data!));
  return { data, ...(errors.length > 0 && { errors }) };
}

export async function runPart(
  { generation, clientNames }: PreparedOperation,
  { plan, shapes, context: ownOperation }: PlannedPart,
  services: ServiceMap,
  variables: Record<string, unknown>,
  fetchContext: FetchContext,
  policy: ErrorPolicy,
): Promise<GraphQLResult> {
  const { requestId } = fetchContext;
  const shape = shapes?.(variables);
  const context: PlanContext = { ...fetchContext, roots: [] };
  // executeQueryPlan reads these members and no others.
  const request = { request: { variables }, context, metrics: {}, logger: policy.log } as unknown as RequestContext;
  const operation = shape ? emptyOperation(generation.schema) : ownOperation;
  const result =
    plan.node || !shape
      ? await executeQueryPlan(plan, services, request, operation, generation.supergraphSchema, generation.apiSchema)
      : {};

  const shaped = shape?.(mergeRoots(context.roots));
  const data = shaped ? shaped.data : (result.data ?? null);
  if (result.errors) {
    const errors = clientErrors(result.errors, requestId, policy);
    return {
      data,
      errors: clientNames ? errors.map((error) => (error.path ? { ...error, path: clientPath(error.path, clientNames) } : error)) : errors,
    };
  }
  const broken = shaped ? shaped.errors : (result.extensions?.valueCompletion as readonly unknown[] | undefined);
  return broken && broken.length > 0 ? { data, errors: completionErrors(broken, requestId, policy.log) } : { data };
}

export function withDefaults(given: Record<string, unknown>, defaults: Record<string, unknown>): Record<string, unknown> {
  const variables = { ...given };
  for (const name of Object.keys(defaults)) if (variables[name] === undefined) variables[name] = defaults[name];
  return variables;
}
