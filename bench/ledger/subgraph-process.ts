// Three subgraphs in a process of their own: streams that are written to at a steady pace and never forget.
import { Signal, Stream, serveSubgraph } from '@pulsegraph/conformance';
import { serveWorker } from '../worker/worker.js';
import { composeVariant, subgraphSchemas, VARIANTS, type SubgraphName, type Variant } from './graph.js';

export interface Load {
  /** Subscriptions that were ever opened here. */
  subscriptions: number;
  /** Entities that were ever asked for. */
  entities: number;
  /** The most subscriptions opened and entities asked for within one second since the last `load`. */
  peakPerSecond: number;
}

const WINDOW_MS = 100;
const WINDOWS_PER_SECOND = 10;
const DEADLINE_MS = 60_000;

const changed = new Signal();
const streams = new Map<string, Stream>();
let entities = 0;
let emitting: NodeJS.Timeout | undefined;
/** What was asked for in each window since the last `load`. */
let windows: number[] = [];
let askedBefore = 0;

const asked = () => [...streams.values()].reduce((sum, { opened }) => sum + opened.length, 0) + entities;
setInterval(() => {
  const now = asked();
  windows.push(now - askedBefore);
  askedBefore = now;
}, WINDOW_MS);

function streamOf(line: string): Stream {
  let stream = streams.get(line);
  if (!stream) streams.set(line, (stream = new Stream(line, changed, DEADLINE_MS)));
  return stream;
}

serveWorker({
  /** @returns the supergraphs by name. */
  async start(): Promise<Record<Variant, string>> {
    const urls: Record<string, string> = {};
    for (const [name, schema] of Object.entries(subgraphSchemas(streamOf, () => void (entities += 1))))
      urls[name] = `http://127.0.0.1:${(await serveSubgraph(schema)).port}/graphql`;
    const names = Object.keys(VARIANTS) as Variant[];
    return Object.fromEntries(names.map((name) => [name, composeVariant(name, urls as Record<SubgraphName, string>)])) as Record<
      Variant,
      string
    >;
  },
  /** Each line gets so many events a second, one after another and not all at once. */
  emit({ lines, perSecond }: { lines: string[]; perSecond: number }): void {
    const startedAt = performance.now();
    let emitted = 0;
    emitting = setInterval(() => {
      const due = Math.floor(((performance.now() - startedAt) / 1_000) * perSecond * lines.length);
      for (; emitted < due; emitted += 1) streamOf(lines[emitted % lines.length]!).emit();
    }, 5);
  },
  /** @returns the newest number of each line. */
  pause(): Record<string, number> {
    clearInterval(emitting);
    return Object.fromEntries([...streams].map(([line, { newest }]) => [line, newest]));
  },
  load(): Load {
    let peakPerSecond = 0;
    for (let at = 0; at < windows.length; at += 1)
      peakPerSecond = Math.max(
        peakPerSecond,
        windows.slice(at, at + WINDOWS_PER_SECOND).reduce((sum, each) => sum + each, 0),
      );
    windows = [];
    return { subscriptions: asked() - entities, entities, peakPerSecond };
  },
});
