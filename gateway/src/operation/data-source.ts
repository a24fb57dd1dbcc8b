import type { GraphQLDataSource, ServiceMap } from '@apollo/gateway';
import { inSpan } from '@pulsegraph/kit/tracing';
import { Kind, parse, type DocumentNode, type GraphQLFormattedError, type SelectionSetNode } from 'graphql';
import { subgraphSeconds } from '../metrics.js';
import type { SubgraphClient, SubgraphResponse } from '../subgraph-client/subgraph-client.js';
import type { PlanContext } from './plan-execution.js';

/** Adapts subgraph clients to what executeQueryPlan asks of a service. */
export function dataSourcesOf(clients: ReadonlyMap<string, SubgraphClient>): ServiceMap {
  return Object.fromEntries([...clients].map(([name, client]) => [name, dataSource(client)]));
}

function dataSource(client: SubgraphClient): GraphQLDataSource {
  const answered = { service: client.name, outcome: 'answered' };
  const unavailable = { service: client.name, outcome: 'unavailable' };
  return {
    async process(options) {
      const { query = '', variables, operationName } = options.request;
      const context = options.context as PlanContext;
      const startedAt = performance.now();
      const response = await inSpan(`fetch ${client.name}`, { kind: 'client', attributes: { service: client.name } }, () =>
        client.fetch({ query, variables, operationName }, context),
      );
      const away =
        response.errors?.length === 1 && response.errors[0]!.extensions?.code === 'SERVICE_UNAVAILABLE' && response.data === undefined;
      subgraphSeconds.observe(away ? unavailable : answered, (performance.now() - startedAt) / 1_000);
      const path = 'pathInIncomingRequest' in options ? (options.pathInIncomingRequest ?? []) : [];
      if (path.length === 0 && response.data) context.roots.push(response.data);
      return (away ? nameWhatIsMissing(response, query, path) : response) as Awaited<ReturnType<GraphQLDataSource['process']>>;
    },
  };
}

/** `extensions.missing`: the response paths that stay empty because the subgraph is away; `@` stands for every element. */
function nameWhatIsMissing(response: SubgraphResponse, query: string, path: readonly (string | number)[]): SubgraphResponse {
  const prefix = path.join('.');
  const missing = topFields(parse(query, { noLocation: true })).map((field) => (prefix ? `${prefix}.${field}` : field));
  const errors = response.errors!.map((error): GraphQLFormattedError => {
    const message = `${error.message} Missing: ${missing.join(', ')}.`;
    // A root fetch of one field can say exactly where; for entities the place is a pattern and stands in `missing`.
    return {
      ...error,
      message,
      ...(path.length === 0 && missing.length === 1 && { path: [missing[0]!] }),
      extensions: { ...error.extensions, missing },
    };
  });
  return { errors };
}

function topFields(document: DocumentNode): string[] {
  const names = new Set<string>();
  const collect = (set: SelectionSetNode) => {
    for (const selection of set.selections) {
      if (selection.kind === Kind.INLINE_FRAGMENT) collect(selection.selectionSet);
      else if (selection.kind === Kind.FIELD) {
        if (selection.name.value === '_entities' && selection.selectionSet) collect(selection.selectionSet);
        else if (selection.name.value !== '__typename') names.add(selection.alias?.value ?? selection.name.value);
      }
    }
  };
  for (const definition of document.definitions) if (definition.kind === Kind.OPERATION_DEFINITION) collect(definition.selectionSet);
  return [...names];
}
