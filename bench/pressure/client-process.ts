// Clients that read as fast as they can, at a steady trickle, or not at all.
import { median, quantile, rounded } from '../measure/statistics.js';
import { RawWebSocket } from '../worker/raw-web-socket.js';
import { serveWorker } from '../worker/worker.js';

export interface Tally {
  received: number;
  skipped: number;
  /** Code of the close frame; null while open. */
  closed: number | null;
}

/** From publishing to the client's callback. */
export interface Latency {
  p50Ms: number;
  p99Ms: number;
  maxMs: number;
}

const QUERY = 'subscription Live { readings { cursor readings { deviceId metric value unit recordedAt pad } } }';
const READING = Buffer.from('"deviceId"');
const HEAD_BYTES = 200;
const TAIL_BYTES = 100;
const TICK_MS = 50;
const WINDOW_MS = 5_000;

interface Client {
  socket: RawWebSocket;
  tally: Tally;
}

let clients: Client[] = [];
let trickle: NodeJS.Timeout | undefined;
/** Of every message, by the window in which it came. */
let latenciesMs = new Map<number, number[]>();

async function open(url: string): Promise<Client> {
  const tally: Tally = { received: 0, skipped: 0, closed: null };
  const socket = await RawWebSocket.subscribe(new URL(url), QUERY, (text) => {
    const now = process.hrtime.bigint();
    // Not parsed: a hundred clients share a process here, and must not become slow by that.
    const cursor = /"cursor":"(\d+)"/.exec(text.toString('latin1', 0, HEAD_BYTES))![1]!;
    tally.received += occurrences(text, READING);
    tally.skipped += Number(/"skipped":(\d+)/.exec(text.toString('latin1', text.length - TAIL_BYTES))?.[1] ?? 0);
    const window = Math.floor(performance.now() / WINDOW_MS);
    const values = latenciesMs.get(window);
    const latencyMs = Number(now - BigInt(cursor)) / 1e6;
    if (values) values.push(latencyMs);
    else latenciesMs.set(window, [latencyMs]);
  });
  socket.onClose = (code) => (tally.closed = code);
  return { socket, tally };
}

function occurrences(text: Buffer, what: Buffer): number {
  let count = 0;
  for (let at = text.indexOf(what); at !== -1; at = text.indexOf(what, at + what.length)) count += 1;
  return count;
}

serveWorker({
  /** @param bytesPerSecond Of each client; null for as fast as it can, 0 for never. */
  async open({ url, count, bytesPerSecond }: { url: string; count: number; bytesPerSecond: number | null }): Promise<void> {
    const opened = await Promise.all(Array.from({ length: count }, () => open(url)));
    clients.push(...opened);
    if (bytesPerSecond === null) return;
    for (const { socket } of opened) socket.pause();
    if (bytesPerSecond === 0) return;
    const startedAt = performance.now();
    const before = opened.map(({ socket }) => socket.bytesRead);
    trickle = setInterval(() => {
      const due = ((performance.now() - startedAt) / 1_000) * bytesPerSecond;
      opened.forEach(({ socket }, index) => {
        if (socket.bytesRead - before[index]! < due) socket.resume();
        else socket.pause();
      });
    }, TICK_MS);
  },
  /** From now on everybody reads. */
  thaw(): void {
    clearInterval(trickle);
    for (const { socket } of clients) socket.resume();
  },
  tallies: (): Tally[] => clients.map(({ tally }) => tally),
  /** p99 is the median of those of the windows: one hiccup of the machine is not a property of the gateway. */
  latency(): Latency {
    const all = [...latenciesMs.values()].flat();
    const p99s = [...latenciesMs.values()].map((values) => quantile(values, 0.99));
    return { p50Ms: rounded(quantile(all, 0.5)), p99Ms: rounded(median(p99s)), maxMs: rounded(quantile(all, 1)) };
  },
  closeAll(): void {
    clearInterval(trickle);
    for (const { socket } of clients) socket.destroy();
    clients = [];
    latenciesMs = new Map();
  },
});
