import type { Viewer } from '@pulsegraph/contracts';
import { formatError } from '@pulsegraph/kit/errors';
import { silentLog } from '@pulsegraph/kit/log';
import { refuseClassViewer, type Subgraph } from '@pulsegraph/kit/subgraph';
import { execute, getOperationAST, GraphQLError, parse, validate, type GraphQLFormattedError } from 'graphql';
import { signedViewer } from '../builders/viewer.builder.js';

export interface SubgraphQuestion {
  /** Signed with TEST_VIEWER_KEY, as the gateway would; null for a stranger. */
  viewer?: Viewer | null;
  variables?: Record<string, unknown>;
  /** A header as it stands, for forged and stale ones. */
  viewerHeader?: string;
  clientAddress?: string;
  userAgent?: string;
}

export interface SubgraphAnswer<T> {
  data: T | null;
  /** As a client sees them. */
  errors: GraphQLFormattedError[];
  /** Code of the first error. */
  code: string | undefined;
}

/** Asks a subgraph as the gateway does in-process: signed viewer, context per operation, errors formatted. */
export async function askSubgraph<T>(
  subgraph: Subgraph,
  query: string,
  { viewer = null, variables, viewerHeader, ...trace }: SubgraphQuestion = {},
): Promise<SubgraphAnswer<T>> {
  const document = parse(query);
  const faults = validate(subgraph.schema, document);
  if (faults.length > 0) throw faults[0]!;
  const contextValue = subgraph.createContext({
    viewerHeader: viewerHeader ?? (viewer ? signedViewer(viewer) : undefined),
    requestId: 'request-in-a-test',
    ...trace,
  });
  let data: T | null = null;
  let raw: readonly unknown[];
  try {
    refuseClassViewer(contextValue.viewer, getOperationAST(document)!);
    const result = await execute({ schema: subgraph.schema, document, contextValue, variableValues: variables });
    data = (result.data ?? null) as T | null;
    raw = result.errors ?? [];
  } catch (error) {
    raw = [error];
  }
  const errors = raw.map((error) => {
    const formatted = formatError(error, silentLog);
    // A test wants the fault itself, not the words for a client.
    if (formatted.extensions?.code === 'INTERNAL_SERVER_ERROR')
      throw error instanceof GraphQLError ? (error.originalError ?? error) : error;
    return formatted;
  });
  return { data, errors, code: errors[0]?.extensions?.code as string | undefined };
}
