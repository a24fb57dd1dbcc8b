import { retryHintOf, retryWaitMs } from '@pulsegraph/live-client';
import { RawWebSocket } from '../worker/raw-web-socket.js';
import { QUERY } from './graph.js';
import { SequenceLedger } from './sequence-ledger.js';

const OPERATION_ID = 'ledger';
const SHOWN = 300;

/**
 * One subscription on a socket of its own, which comes back as the live client does: when it was told to, or after a
 * pause that grows, from the last cursor. It reads numbers out of the bytes, because ten thousand share a process.
 */
export class LedgerClient {
  readonly ledger = new SequenceLedger();
  disconnects = 0;
  /** Attempts to come back that came to nothing. */
  attemptsFailed = 0;
  faults: string[] = [];
  /** When the newest payload came, by performance.now(). */
  heardAtMs = 0;
  /** Subscribed on the connection of now. */
  connected = false;
  private socket: RawWebSocket | undefined;
  private cursor: string | null = null;
  private retries = 0;
  private leaving = false;

  constructor(
    private readonly url: URL,
    readonly line: string,
  ) {}

  async open(): Promise<void> {
    const socket = await RawWebSocket.open(this.url, 'graphql-transport-ws');
    this.socket = socket;
    const acknowledged = new Promise<void>((resolve, reject) => {
      socket.onText = () => resolve();
      socket.onClose = (code) => reject(new Error(`closed with ${code} before connection_ack`));
    });
    socket.send('{"type":"connection_init"}');
    await acknowledged;
    socket.onText = (text) => this.onText(text);
    socket.onClose = (code, reason) => this.onClose(code, reason);
    const variables = { line: this.line, after: this.cursor };
    socket.send(JSON.stringify({ id: OPERATION_ID, type: 'subscribe', payload: { query: QUERY, variables } }));
    this.connected = true;
  }

  leave(): void {
    this.leaving = true;
    this.socket?.destroy();
  }

  private onText(bytes: Buffer): void {
    const text = bytes.toString('latin1');
    const found = /"cursor":"([^"]+)","seq":(\d+)/.exec(text);
    if (!found || text.includes('"errors"')) this.faults.push(text.slice(0, SHOWN));
    if (!found) {
      // The operation is over; a new connection is the simplest way to another one.
      this.socket?.destroy();
      return;
    }
    this.cursor = found[1]!;
    this.ledger.enter(Number(found[2]));
    this.retries = 0;
    this.heardAtMs = performance.now();
  }

  private onClose(code: number, reason: string): void {
    this.connected = false;
    if (this.leaving) return;
    this.disconnects += 1;
    void this.comeBack(retryHintOf({ code, reason }));
  }

  private async comeBack(hintMs: number | null): Promise<void> {
    for (let hint = hintMs; !this.leaving; hint = null) {
      await new Promise((resolve) => setTimeout(resolve, retryWaitMs(this.retries, hint, Math.random)));
      this.retries += 1;
      try {
        return await this.open();
      } catch {
        this.attemptsFailed += 1;
      }
    }
  }
}
