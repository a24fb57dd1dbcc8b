import { randomUUID } from 'node:crypto';
import { connect, type Socket } from 'node:net';

const TEXT = 1;
const CLOSE = 8;
const PING = 9;
const PONG = 10;

/** A WebSocket client that costs as little as one can: the machine is the server's. Does not check what it is told. */
export class RawWebSocket {
  onText: (payload: Buffer) => void = () => undefined;
  /** The code and reason of the close frame; 1006 when the connection ended without one. */
  onClose: (code: number, reason: string) => void = () => undefined;
  private readonly socket: Socket;
  private rest: Buffer | undefined;
  private upgraded: (() => void) | undefined;
  private closeCode = 1006;
  private closeReason = '';

  private constructor(url: URL, protocol: string | undefined) {
    this.socket = connect({ host: url.hostname, port: Number(url.port), noDelay: true });
    this.socket.write(
      `GET ${url.pathname} HTTP/1.1\r\nHost: ${url.host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n` +
        `Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n${protocol ? `Sec-WebSocket-Protocol: ${protocol}\r\n` : ''}\r\n`,
    );
    this.socket.on('data', (chunk) => this.onData(chunk));
  }

  static async open(url: URL, protocol?: string): Promise<RawWebSocket> {
    const opened = new RawWebSocket(url, protocol);
    await new Promise<void>((resolve, reject) => {
      opened.upgraded = resolve;
      opened.socket.once('error', reject);
      opened.socket.once('close', () => reject(new Error(`${url.href} closed the connection`)));
    });
    opened.socket.removeAllListeners('error').on('error', () => undefined);
    opened.socket.removeAllListeners('close').on('close', () => opened.onClose(opened.closeCode, opened.closeReason));
    return opened;
  }

  /** Opens a socket and subscribes, under an id of its own, as clients do. */
  static async subscribe(url: URL, query: string, onText: (payload: Buffer) => void): Promise<RawWebSocket> {
    const opened = await RawWebSocket.open(url, 'graphql-transport-ws');
    await new Promise<void>((resolve) => {
      opened.onText = () => resolve();
      opened.send('{"type":"connection_init"}');
    });
    opened.onText = onText;
    opened.send(JSON.stringify({ id: randomUUID(), type: 'subscribe', payload: { query } }));
    return opened;
  }

  send(text: string): void {
    this.sendFrame(TEXT, Buffer.from(text));
  }

  pause(): void {
    this.socket.pause();
  }

  resume(): void {
    this.socket.resume();
  }

  destroy(): void {
    this.socket.destroy();
  }

  /** Bytes that have been read from the kernel. */
  get bytesRead(): number {
    return this.socket.bytesRead;
  }

  private onData(chunk: Buffer): void {
    let data = this.rest ? Buffer.concat([this.rest, chunk]) : chunk;
    this.rest = undefined;
    if (this.upgraded) {
      const end = data.indexOf('\r\n\r\n');
      if (end === -1) return void (this.rest = data);
      // Refused: whoever waits for the socket hears of its end.
      if (!data.toString('latin1', 0, end).startsWith('HTTP/1.1 101')) return void this.socket.destroy();
      this.upgraded();
      this.upgraded = undefined;
      data = data.subarray(end + 4);
    }
    let at = 0;
    while (data.length - at >= 2) {
      let length = data[at + 1]!;
      let start = at + 2;
      if (length === 126) {
        if (data.length < at + 4) break;
        length = data.readUInt16BE(at + 2);
        start = at + 4;
      } else if (length === 127) {
        if (data.length < at + 10) break;
        length = Number(data.readBigUInt64BE(at + 2));
        start = at + 10;
      }
      if (data.length < start + length) break;
      this.onFrame(data[at]! & 0x0f, data.subarray(start, start + length));
      at = start + length;
    }
    if (at < data.length) this.rest = at === 0 ? data : data.subarray(at);
  }

  private onFrame(opcode: number, payload: Buffer): void {
    if (opcode === TEXT) this.onText(payload);
    else if (opcode === PING) this.sendFrame(PONG, payload);
    else if (opcode === CLOSE) {
      this.closeCode = payload.length >= 2 ? payload.readUInt16BE(0) : 1005;
      this.closeReason = payload.toString('utf8', 2);
      this.socket.end();
    }
  }

  /** Clients have to mask; a key of zeros leaves the bytes as they are. */
  private sendFrame(opcode: number, payload: Buffer): void {
    if (payload.length > 65_535) throw new RangeError('Too long for this client');
    const short = payload.length < 126;
    const head = Buffer.alloc(short ? 6 : 8);
    head[0] = 0x80 | opcode;
    head[1] = 0x80 | (short ? payload.length : 126);
    if (!short) head.writeUInt16BE(payload.length, 2);
    this.socket.write(Buffer.concat([head, payload]));
  }
}
