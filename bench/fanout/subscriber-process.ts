// Subscribers that count, in a process of their own.
import { RawWebSocket } from '../worker/raw-web-socket.js';
import { serveWorker } from '../worker/worker.js';
import { SUBSCRIPTION } from './readings.js';

const CONNECTING_AT_ONCE = 50;
const sockets: RawWebSocket[] = [];
let received = 0;
let awaited = Infinity;
let wake: () => void = () => undefined;
let last: Buffer | undefined;
let lost = 0;

function onText(payload: Buffer): void {
  received += 1;
  if (received >= awaited) {
    last = payload;
    wake();
  }
}

async function open(url: URL, graphql: boolean): Promise<void> {
  const socket = graphql ? await RawWebSocket.subscribe(url, SUBSCRIPTION, onText) : await RawWebSocket.open(url);
  socket.onText = onText;
  socket.onClose = () => (lost += 1);
  sockets.push(socket);
}

serveWorker({
  async open({ url, count, graphql }: { url: string; count: number; graphql: boolean }): Promise<void> {
    for (let left = count; left > 0; left -= CONNECTING_AT_ONCE) {
      await Promise.all(Array.from({ length: Math.min(left, CONNECTING_AT_ONCE) }, () => open(new URL(url), graphql)));
    }
  },
  /** Resolves when so many more messages have come than at the last call. @returns the last of them. */
  async receive(messages: number): Promise<string> {
    awaited = messages;
    if (received < awaited) await new Promise<void>((resolve) => (wake = resolve));
    if (received > messages) throw new Error(`${received - messages} messages too many`);
    if (lost > 0) throw new Error(`${lost} connections were lost`);
    received = 0;
    awaited = Infinity;
    return last!.toString();
  },
  closeAll: () => {
    for (const socket of sockets.splice(0)) {
      socket.onClose = () => undefined;
      socket.destroy();
    }
  },
});
