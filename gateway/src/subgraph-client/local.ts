import { formatError } from '@pulsegraph/kit/errors';
import type { Log } from '@pulsegraph/kit/log';
import { refuseClassViewer, type Subgraph } from '@pulsegraph/kit/subgraph';
import {
  execute,
  getOperationAST,
  parse,
  subscribe,
  validate,
  type DocumentNode,
  type ExecutionArgs,
  type ExecutionResult,
  type GraphQLError,
  type OperationDefinitionNode,
} from 'graphql';
import { LRUCache } from 'lru-cache';
import {
  SubscriptionRefused,
  unavailable,
  type FetchContext,
  type SubgraphClient,
  type SubgraphOperation,
  type SubgraphResponse,
} from './subgraph-client.js';

export interface LocalClientOptions {
  deadlineMs: number;
  log: Log;
}

interface Prepared {
  document: DocumentNode;
  operation: OperationDefinitionNode;
}

const DOCUMENTS = 2_000;

/** A subgraph in this process: no parsing, no validation and no JSON after the first time. Same checks as over HTTP. */
export function createLocalClient(name: string, subgraph: Subgraph, { deadlineMs, log }: LocalClientOptions): SubgraphClient {
  const documents = new LRUCache<string, Prepared>({ max: DOCUMENTS });

  function prepare(query: string): Prepared {
    const known = documents.get(query);
    if (known) return known;
    const document = parse(query, { noLocation: true });
    const faults = validate(subgraph.schema, document);
    if (faults.length > 0) throw faults[0]!;
    const prepared = { document, operation: getOperationAST(document)! };
    documents.set(query, prepared);
    return prepared;
  }

  function argsOf({ query, variables, operationName }: SubgraphOperation, context: FetchContext): ExecutionArgs {
    const { document, operation } = prepare(query);
    const contextValue = subgraph.createContext(context);
    refuseClassViewer(contextValue.viewer, operation);
    return { schema: subgraph.schema, document, variableValues: variables, operationName, contextValue };
  }

  const show = (error: unknown, { requestId }: FetchContext) => formatError(error, log, requestId);
  const answer = (result: ExecutionResult, context: FetchContext): SubgraphResponse =>
    result.errors ? { data: result.data, errors: result.errors.map((error) => show(error, context)) } : (result as SubgraphResponse);

  return {
    name,
    async fetch(operation, context) {
      try {
        const running = execute(argsOf(operation, context));
        if (!(running instanceof Promise)) return answer(running as ExecutionResult, context);
        const result = await within(running as Promise<ExecutionResult>, deadlineMs);
        return result ? answer(result, context) : unavailable(name, 'timeout');
      } catch (error) {
        return { errors: [show(error, context)] };
      }
    },
    subscribe(operation, context) {
      const refuse = (error: unknown) => new SubscriptionRefused([show(error, context)]);
      return openLater(
        async () => {
          let source: Awaited<ReturnType<typeof subscribe>>;
          try {
            source = await subscribe(argsOf(operation, context));
          } catch (error) {
            throw refuse(error);
          }
          if (Symbol.asyncIterator in source) return source[Symbol.asyncIterator]();
          throw new SubscriptionRefused((source.errors ?? []).map((error: GraphQLError) => show(error, context)));
        },
        (event) => answer(event, context),
        refuse,
      );
    },
    recordAccess: (access, context) => subgraph.recordAccess?.(access, context) ?? Promise.resolve(),
    check: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
}

/** Undefined when the time is over; what is still running is then nobody's. */
async function within<T>(running: Promise<T>, deadlineMs: number): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => (timer = setTimeout(() => resolve(undefined), deadlineMs)));
  try {
    return await Promise.race([running, late]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Not an async generator: its `return()` would wait for the next event, and a quiet stream would never be closed.
 */
function openLater<T, R>(
  open: () => Promise<AsyncIterator<T>>,
  map: (value: T) => R,
  refuse: (error: unknown) => Error,
): AsyncIterableIterator<R> {
  let opening: Promise<AsyncIterator<T>> | undefined;
  let over = false;
  const end: IteratorReturnResult<undefined> = { value: undefined, done: true };
  return {
    async next() {
      if (over) return end;
      const source = await (opening ??= open());
      if (over) return end;
      try {
        const result = await source.next();
        return result.done ? end : { value: map(result.value), done: false };
      } catch (error) {
        over = true;
        throw refuse(error);
      }
    },
    return() {
      if (!over) {
        over = true;
        void opening?.then((source) => source.return?.()).catch(() => undefined);
      }
      return Promise.resolve(end);
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
