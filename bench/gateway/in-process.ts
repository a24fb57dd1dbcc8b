// Our gateway with the subgraphs inside its process, as `npm start` runs it.
import { createGateway, supergraphFromSdl } from '@pulsegraph/gateway';
import { createLog } from '@pulsegraph/kit/log';
import { serveWorker } from '../worker/worker.js';
import { composeSupergraph, createSubgraphs, SUBGRAPH_NAMES } from './graph.js';

serveWorker({
  async start(): Promise<string> {
    const gateway = createGateway({
      version: 'bench',
      log: createLog('gateway', 'warn'),
      supergraph: supergraphFromSdl(composeSupergraph(Object.fromEntries(SUBGRAPH_NAMES.map((name) => [name, `http://${name}.invalid/`])))),
      subgraphs: Object.fromEntries(createSubgraphs().map((subgraph) => [subgraph.name, subgraph])),
      identity: null,
      publicUrl: 'http://localhost',
    });
    const port = await gateway.start(0, '127.0.0.1');
    return `http://127.0.0.1:${port}/graphql`;
  },
});
