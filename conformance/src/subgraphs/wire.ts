import { createServer, connect, type Server, type Socket } from 'node:net';

/**
 * The network between the gateway and one subgraph: it can be cut, so that the gateway's connections are reset and new
 * ones refused, or go dead, so that nothing comes through and nobody is told.
 */
export class Wire {
  private server: Server | undefined;
  private readonly pairs = new Set<{ near: Socket; far: Socket }>();

  constructor(
    private readonly port: number,
    private readonly targetPort: number,
  ) {}

  /** @returns the port in use. */
  async up(): Promise<number> {
    const server = createServer((near) => this.join(near));
    this.server = server;
    const port = this.knownPort ?? this.port;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', resolve);
    });
    this.knownPort = (server.address() as { port: number }).port;
    return this.knownPort;
  }
  private knownPort: number | undefined;

  /** Resets every connection and refuses new ones, as when the process is killed. */
  async down(): Promise<void> {
    const { server } = this;
    this.server = undefined;
    const closed = new Promise<void>((resolve) => (server ? server.close(() => resolve()) : resolve()));
    for (const { near, far } of this.pairs) {
      near.resetAndDestroy();
      far.destroy();
    }
    this.pairs.clear();
    await closed;
  }

  /** Connections of now carry nothing any more, and stay open. New ones work. */
  goDead(): void {
    for (const { near, far } of this.pairs) {
      near.unpipe(far);
      far.unpipe(near);
      near.pause();
      far.destroy();
    }
  }

  private join(near: Socket): void {
    const far = connect(this.targetPort, '127.0.0.1');
    const pair = { near, far };
    this.pairs.add(pair);
    near.setNoDelay(true);
    far.setNoDelay(true);
    near.pipe(far);
    far.pipe(near);
    near.on('error', () => far.destroy());
    far.on('error', () => near.destroy());
    near.on('close', () => {
      this.pairs.delete(pair);
      far.destroy();
    });
  }
}
