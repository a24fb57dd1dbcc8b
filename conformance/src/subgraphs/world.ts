import { Holds } from '../graph/holds.js';
import { NAMES, type SubgraphName } from '../graph/sdl.js';
import { Stream } from '../graph/stream.js';
import { subgraphSchema } from '../graph/subgraph-schema.js';
import type { SubgraphUrls } from '../graph/supergraph.js';
import { Signal } from '../suite/waits.js';
import { serveSubgraph } from './subgraph-server.js';
import { Wire } from './wire.js';

/** The subgraphs behind the gateway under test, in this process, and everything the suite does to them. */
export interface World {
  readonly urls: SubgraphUrls;
  readonly wires: Readonly<Record<SubgraphName, Wire>>;
  readonly holds: Holds;
  readonly entityFetches: { subgraph: SubgraphName; id: string }[];
  stream(line: string): Stream;
  stop(): Promise<void>;
}

/** @param portBase The subgraphs' public ports are this and the four after it; 0: free ones. */
export async function startWorld({ portBase, deadlineMs }: { portBase: number; deadlineMs: number }): Promise<World> {
  const changed = new Signal();
  const streams = new Map<string, Stream>();
  const stream = (line: string) => {
    let known = streams.get(line);
    if (!known) streams.set(line, (known = new Stream(line, changed, deadlineMs)));
    return known;
  };
  const holds = new Holds();
  const entityFetches: World['entityFetches'] = [];
  const servers = await Promise.all(NAMES.map((name) => serveSubgraph(subgraphSchema(name, { streamOf: stream, holds, entityFetches }))));
  const wires = NAMES.map((_name, index) => new Wire(portBase === 0 ? 0 : portBase + index, servers[index]!.port));
  const ports = await Promise.all(wires.map((wire) => wire.up()));
  const byName = <T>(values: readonly T[]) =>
    Object.fromEntries(NAMES.map((name, index) => [name, values[index]!])) as Record<SubgraphName, T>;
  return {
    urls: byName(ports.map((port) => `http://127.0.0.1:${port}/graphql`)),
    wires: byName(wires),
    holds,
    entityFetches,
    stream,
    async stop() {
      holds.releaseAll();
      await Promise.all(wires.map((wire) => wire.down()));
      await Promise.all(servers.map((server) => server.close()));
    },
  };
}
