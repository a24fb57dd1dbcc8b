import { connect, type Socket } from 'node:net';
import { generate, parser as createParser } from 'mqtt-packet';

export interface PublisherOptions {
  host: string;
  port: number;
  username: string;
  password: string;
  clientId: string;
  topic: string;
  /** Unacknowledged messages at most. */
  inFlight: number;
}

/** A device on a bare socket: packets by mqtt-packet, acknowledgements counted, nothing else. Its CPU is not the platform's. */
export class RawPublisher {
  private nextId = 1;
  private unacknowledged = 0;
  private waiting: (() => void)[] = [];
  sent = 0;
  acknowledged = 0;

  private constructor(
    private readonly socket: Socket,
    private readonly options: PublisherOptions,
  ) {}

  static open(options: PublisherOptions): Promise<RawPublisher> {
    return new Promise((resolve, reject) => {
      const socket = connect(options.port, options.host);
      socket.setNoDelay(true);
      const publisher = new RawPublisher(socket, options);
      const parser = createParser({ protocolVersion: 4 });
      parser.on('packet', (packet) => {
        if (packet.cmd === 'connack') {
          if (packet.returnCode === 0) resolve(publisher);
          else reject(new Error(`The broker refused the connection (${packet.returnCode})`));
        } else if (packet.cmd === 'puback') publisher.onAcknowledged();
      });
      socket.on('data', (chunk) => parser.parse(chunk));
      socket.on('error', reject);
      const { clientId, username, password } = options;
      socket.write(
        generate({
          cmd: 'connect',
          protocolId: 'MQTT',
          protocolVersion: 4,
          clean: true,
          clientId,
          username,
          password: Buffer.from(password),
          keepalive: 0,
        }),
      );
    });
  }

  /** Resolves when there is room for it in flight, not when it is acknowledged. */
  async publish(payload: string): Promise<void> {
    while (this.unacknowledged >= this.options.inFlight) await new Promise<void>((resolve) => this.waiting.push(resolve));
    this.unacknowledged++;
    this.sent++;
    const messageId = this.nextId;
    this.nextId = (this.nextId % 65_535) + 1;
    this.socket.write(generate({ cmd: 'publish', topic: this.options.topic, payload, qos: 1, messageId, dup: false, retain: false }));
  }

  async drained(): Promise<void> {
    while (this.unacknowledged > 0) await new Promise<void>((resolve) => this.waiting.push(resolve));
  }

  close(): void {
    this.socket.destroy();
  }

  private onAcknowledged(): void {
    this.unacknowledged--;
    this.acknowledged++;
    const waiting = this.waiting;
    this.waiting = [];
    for (const wake of waiting) wake();
  }
}
