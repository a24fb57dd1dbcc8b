import type { ServiceMap } from '@apollo/gateway';
import type { Viewer } from '@pulsegraph/contracts';
import { DomainError, formatError } from '@pulsegraph/kit/errors';
import type { Log } from '@pulsegraph/kit/log';
import { inSpan } from '@pulsegraph/kit/tracing';
import { getVariableValues, type GraphQLFormattedError } from 'graphql';
import { refuseOver } from '../limits/document-limits.js';
import type { RateLimiter } from '../limits/rate-limiter.js';
import type { GatewayLimits } from '../limits/limits.js';
import { boundedLabel, operationSeconds, supergraphLoads } from '../metrics.js';
import type { FetchContext, SubgraphClient } from '../subgraph-client/subgraph-client.js';
import { buildGeneration, type Generation } from '../supergraph/generation.js';
import { asErrors, requestErrors, type ErrorPolicy } from './client-errors.js';
import { dataSourcesOf } from './data-source.js';
import { OperationStore, RefusedOperation } from './operation-store.js';
import { runPlan, type GraphQLResult } from './plan-execution.js';
import { ResponseCache } from './response-cache.js';
import { rootFieldsOf, type PreparedOperation } from './prepared-operation.js';

/** Who asks, and what the logs and subgraphs shall know of it. */
export interface Caller {
  viewer: Viewer | null;
  requestId: string;
  clientAddress?: string;
  userAgent?: string;
  /** From `apollographql-client-name`/`x-client-name`, for metrics. */
  clientName?: string;
  clientVersion?: string;
}

export interface GraphQLRequest {
  query: string;
  operationName?: string | null;
  variables?: Record<string, unknown> | null;
  extensions?: Record<string, unknown> | null;
}

/** A supergraph in force, with what runs on it. */
export interface Runtime {
  readonly generation: Generation;
  readonly operations: OperationStore;
  readonly services: ServiceMap;
  readonly clients: ReadonlyMap<string, SubgraphClient>;
}

export interface EngineOptions {
  limits: GatewayLimits;
  log: Log;
  maskUnknown: boolean;
  /** The client for a service of the supergraph; the same object again while name and URL stay. */
  clientFor: (service: { name: string; url: string }) => SubgraphClient;
  signViewer: (viewer: Viewer) => string;
  /** Null: callers may ask as often as they like. */
  rates: RateLimiter | null;
  /** Introspection by callers without a viewer. */
  introspectionForStrangers: boolean;
  /** Told of every execution; must not take time. */
  onUse?: (prepared: PreparedOperation, caller: Caller, durationMs: number, failed: boolean) => void;
}

const operationLabel = boundedLabel(300);
const clientLabel = boundedLabel(30);

/** Prepares and runs operations on the newest supergraph. Knows no transport. */
export class Engine {
  readonly policy: ErrorPolicy;
  private readonly cache = new ResponseCache();
  private runtime: Runtime | undefined;
  private readonly reloadListeners = new Set<(runtime: Runtime) => void>();

  constructor(private readonly options: EngineOptions) {
    this.policy = { log: options.log, maskUnknown: options.maskUnknown };
  }

  /** @throws when the text is no valid supergraph; the last one then goes on serving. */
  load(supergraphSdl: string): void {
    const { clientFor, limits, log } = this.options;
    let generation: Generation;
    try {
      generation = buildGeneration(supergraphSdl);
    } catch (error) {
      supergraphLoads.inc({ result: 'refused' });
      throw error;
    }
    const clients = new Map(generation.services.map((service) => [service.name, clientFor(service)]));
    this.runtime = { generation, operations: new OperationStore(generation, limits), services: dataSourcesOf(clients), clients };
    supergraphLoads.inc({ result: 'taken' });
    log.info({ generation: generation.id, services: generation.services.map(({ name }) => name) }, 'Supergraph taken');
    for (const listener of this.reloadListeners) listener(this.runtime);
  }

  onReload(listener: (runtime: Runtime) => void): void {
    this.reloadListeners.add(listener);
  }

  get loaded(): boolean {
    return this.runtime !== undefined;
  }

  get current(): Runtime {
    if (!this.runtime) throw new DomainError('SERVICE_UNAVAILABLE', 'No supergraph has been loaded yet.', { service: 'gateway' });
    return this.runtime;
  }

  /**
   * @param admitted The operation runs already and is only taken to a new supergraph.
   * @throws RefusedOperation, or DomainError OPERATION_TOO_COSTLY.
   */
  prepare(
    request: GraphQLRequest,
    caller: Caller,
    admitted = false,
  ): { prepared: PreparedOperation; variables: Record<string, unknown>; runtime: Runtime } {
    const { rates } = this.options;
    if (!admitted) rates?.admit(caller);
    const runtime = this.current;
    const prepared = runtime.operations.prepare(request.query, request.operationName);
    if (!admitted && prepared.introspects && !caller.viewer && !this.options.introspectionForStrangers) {
      throw new DomainError('UNAUTHENTICATED', 'Sign in to read the schema.');
    }
    const variables = request.variables ?? {};
    const definitions = prepared.operation.variableDefinitions;
    if (definitions && definitions.length > 0) {
      const { errors } = getVariableValues(runtime.generation.schema, definitions, variables, { maxErrors: 20 });
      if (errors) throw new RefusedOperation(errors);
    }
    const cost = prepared.cost(variables);
    refuseOver('cost', cost, this.options.limits.cost);
    if (!admitted) rates?.charge(caller, cost, prepared.kind === 'mutation' ? rootFieldsOf(prepared) : null);
    return { prepared, variables, runtime };
  }

  /** Errors of `prepare`, as the client sees them. */
  refusal(error: unknown, { requestId }: Caller): GraphQLFormattedError[] {
    if (error instanceof RefusedOperation) return requestErrors(error.errors);
    if (error instanceof DomainError) return asErrors(error);
    return [formatError(error, this.options.log, requestId)];
  }

  /** For queries and mutations. Never rejects. */
  async execute({ prepared, variables, runtime }: ReturnType<Engine['prepare']>, caller: Caller): Promise<GraphQLResult> {
    const startedAt = performance.now();
    let result: GraphQLResult;
    try {
      const run = () => this.withinDeadline(runPlan(prepared, runtime.services, variables, this.contextOf(caller), this.policy));
      result = await inSpan(`${prepared.kind} ${prepared.name}`, { requestId: caller.requestId }, () =>
        this.cache.answer(prepared, variables, caller.viewer, run),
      );
    } catch (error) {
      result = { data: null, errors: [formatError(error, this.options.log, caller.requestId)] };
    }
    const outcome = result.errors ? (result.data ? 'partial' : 'failed') : 'ok';
    const labels = {
      kind: prepared.kind,
      operation: operationLabel(prepared.name),
      client: clientLabel(caller.clientName ?? 'unknown'),
      outcome,
    };
    const durationMs = performance.now() - startedAt;
    operationSeconds.observe(labels, durationMs / 1_000);
    this.used(prepared, caller, durationMs, result.errors !== undefined);
    return result;
  }

  /** A subscription counts once, when it begins. */
  used(prepared: PreparedOperation, caller: Caller, durationMs: number, failed: boolean): void {
    this.options.onUse?.(prepared, caller, durationMs, failed);
  }

  /** Prepares and executes; never rejects. */
  async answer(request: GraphQLRequest, caller: Caller): Promise<GraphQLResult> {
    let ready: ReturnType<Engine['prepare']>;
    try {
      ready = this.prepare(request, caller);
    } catch (error) {
      return { errors: this.refusal(error, caller) };
    }
    return this.execute(ready, caller);
  }

  contextOf({ viewer, requestId, clientAddress, userAgent }: Caller): FetchContext {
    return { requestId, clientAddress, userAgent, ...(viewer && { viewerHeader: this.options.signViewer(viewer) }) };
  }

  private async withinDeadline(running: Promise<GraphQLResult>): Promise<GraphQLResult> {
    const { requestDeadlineMs } = this.options.limits;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<GraphQLResult>((resolve) => {
      timer = setTimeout(() => {
        const message = `The operation took longer than ${requestDeadlineMs} ms.`;
        resolve({
          data: null,
          errors: [{ message, extensions: { code: 'DEADLINE_EXCEEDED', limit: 'requestDeadlineMs', allowed: requestDeadlineMs } }],
        });
      }, requestDeadlineMs);
    });
    try {
      return await Promise.race([running, late]);
    } finally {
      clearTimeout(timer);
    }
  }
}
