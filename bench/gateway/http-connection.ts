import { connect, type Socket } from 'node:net';

const HEADERS_END = Buffer.from('\r\n\r\n');

/** One keep-alive connection that sends one request at a time. Knows just enough HTTP/1.1 to cost next to nothing. */
export class HttpConnection {
  private readonly socket: Socket;
  private received: Buffer = Buffer.alloc(0);
  private waiting: { resolve: (body: string) => void; reject: (error: Error) => void } | undefined;

  constructor(private readonly url: URL) {
    this.socket = connect({ host: url.hostname, port: Number(url.port), noDelay: true });
    this.socket.on('data', (chunk) => {
      this.received = this.received.length === 0 ? chunk : Buffer.concat([this.received, chunk]);
      this.read();
    });
    this.socket.on('error', (error) => this.fail(error));
    this.socket.on('close', () => this.fail(new Error('The gateway closed the connection')));
  }

  /** @returns the body of a 200 answer. */
  post(body: Buffer): Promise<string> {
    const head =
      `POST ${this.url.pathname} HTTP/1.1\r\nhost: ${this.url.host}\r\ncontent-type: application/json\r\n` +
      `accept: application/json\r\ncontent-length: ${body.length}\r\n\r\n`;
    return new Promise((resolve, reject) => {
      this.waiting = { resolve, reject };
      this.socket.write(Buffer.concat([Buffer.from(head), body]));
    });
  }

  close(): void {
    this.waiting = undefined;
    this.socket.destroy();
  }

  private read(): void {
    const headersEnd = this.received.indexOf(HEADERS_END);
    if (headersEnd === -1) return;
    const head = this.received.toString('latin1', 0, headersEnd).toLowerCase();
    const start = headersEnd + HEADERS_END.length;
    const length = /content-length: (\d+)/.exec(head)?.[1];
    const body = length === undefined ? this.chunkedBody(start) : this.sizedBody(start, Number(length));
    if (body === undefined) return;
    const { waiting } = this;
    this.waiting = undefined;
    if (head.startsWith('http/1.1 200')) waiting?.resolve(body);
    else waiting?.reject(new Error(`${head.slice(0, 40)}: ${body.slice(0, 500)}`));
  }

  private sizedBody(start: number, length: number): string | undefined {
    if (this.received.length < start + length) return undefined;
    const body = this.received.toString('utf8', start, start + length);
    this.received = this.received.subarray(start + length);
    return body;
  }

  private chunkedBody(start: number): string | undefined {
    let at = start;
    const chunks: Buffer[] = [];
    for (;;) {
      const lineEnd = this.received.indexOf('\r\n', at);
      if (lineEnd === -1) return undefined;
      const size = parseInt(this.received.toString('latin1', at, lineEnd), 16);
      const end = lineEnd + 2 + size + 2;
      if (this.received.length < end) return undefined;
      if (size === 0) {
        this.received = this.received.subarray(end);
        return Buffer.concat(chunks).toString();
      }
      chunks.push(this.received.subarray(lineEnd + 2, end - 2));
      at = end;
    }
  }

  private fail(error: Error): void {
    this.waiting?.reject(error);
    this.waiting = undefined;
  }
}
