// The load, in a process of its own, so that its CPU is nobody's.
import { serveWorker } from '../worker/worker.js';
import { HttpConnection } from './http-connection.js';

export interface LoadJob {
  url: string;
  bodies: string[];
  connections: number;
  /** Sent before anything is counted. */
  warmUpSeconds: number;
  seconds: number;
}

export interface LoadResult {
  requests: number;
  seconds: number;
  latenciesMs: number[];
}

let prepared: { connections: HttpConnection[]; bodies: Buffer[] } | undefined;
let next = 0;

/** @returns how many requests were answered, and how long each took. A request that fails ends the bench. */
async function load(seconds: number): Promise<LoadResult> {
  const { connections, bodies } = prepared!;
  const startedAt = performance.now();
  const until = startedAt + seconds * 1_000;
  const latenciesMs: number[] = [];
  await Promise.all(
    connections.map(async (connection) => {
      for (let at = performance.now(); at < until;) {
        const answer = await connection.post(bodies[(next += 1) % bodies.length]!);
        if (!answer.startsWith('{"data":{') || answer.includes('"errors":[')) throw new Error(`Not an answer: ${answer.slice(0, 500)}`);
        const now = performance.now();
        latenciesMs.push(now - at);
        at = now;
      }
    }),
  );
  return { requests: latenciesMs.length, seconds: (performance.now() - startedAt) / 1_000, latenciesMs };
}

serveWorker({
  /** Connects and warms up; the requests of `load` then go over the same connections. */
  async prepare({ url, bodies, connections, warmUpSeconds }: LoadJob): Promise<void> {
    prepared?.connections.forEach((connection) => connection.close());
    prepared = {
      connections: Array.from({ length: connections }, () => new HttpConnection(new URL(url))),
      bodies: bodies.map((body) => Buffer.from(body)),
    };
    await load(warmUpSeconds);
  },
  load,
});
