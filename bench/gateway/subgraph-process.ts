// All four subgraphs in one process, as cheap as a subgraph can be: plain node:http, every document parsed and validated once.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { cpuUsage } from 'node:process';
import { execute, parse, validate, type DocumentNode, type ExecutionResult, type GraphQLSchema } from 'graphql';
import { serveWorker } from '../worker/worker.js';
import { composeSupergraph, createSubgraphs } from './graph.js';

interface Fetch {
  subgraph: string;
  query: string;
  variables?: Record<string, unknown>;
}

const schemas = new Map(createSubgraphs().map(({ name, schema }) => [name, schema]));
const documents = new Map<string, DocumentNode>();
let fetches = 0;
let recorded: Fetch[] | undefined;

async function run({ subgraph, query, variables }: Fetch): Promise<ExecutionResult> {
  const schema = schemas.get(subgraph)!;
  return execute({ schema, document: documentOf(subgraph, schema, query), variableValues: variables });
}

function documentOf(subgraph: string, schema: GraphQLSchema, query: string): DocumentNode {
  const key = `${subgraph} ${query}`;
  let document = documents.get(key);
  if (!document) {
    document = parse(query);
    const faults = validate(schema, document);
    if (faults.length > 0) throw faults[0]!;
    documents.set(key, document);
  }
  return document;
}

function serve(subgraph: string) {
  return (request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => void answer(subgraph, Buffer.concat(chunks).toString(), response));
  };
}

async function answer(subgraph: string, text: string, response: ServerResponse): Promise<void> {
  const { query, variables } = JSON.parse(text) as Omit<Fetch, 'subgraph'>;
  fetches += 1;
  recorded?.push({ subgraph, query, variables });
  const body = Buffer.from(JSON.stringify(await run({ subgraph, query, variables })));
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length });
  response.end(body);
}

serveWorker({
  /** @returns the supergraph with the four addresses in it. */
  async start(): Promise<string> {
    const urls: Record<string, string> = {};
    for (const name of schemas.keys()) {
      const server = createServer(serve(name));
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      urls[name] = `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`;
    }
    return composeSupergraph(urls);
  },
  fetches: () => fetches,
  record: () => void (recorded = []),
  recorded: () => {
    const seen = recorded ?? [];
    recorded = undefined;
    return seen;
  },
  /** Executes the fetches of one request again and again, without HTTP or JSON. @returns CPU of one round, µs. */
  async executionCostUs(request: Fetch[]): Promise<number> {
    const cost = async (rounds: number) => {
      const before = cpuUsage();
      for (let round = 0; round < rounds; round += 1) for (const fetch of request) await run(fetch);
      const { user, system } = cpuUsage(before);
      return (user + system) / rounds;
    };
    await cost(500);
    return cost(3_000);
  },
});
