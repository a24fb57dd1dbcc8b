import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { TOPIC_PREFIX, UPLINK_KINDS, parseDeviceTopic, shardOf } from '@pulsegraph/contracts';
import { MAX_MESSAGE_BYTES, SPARKPLUG_NAMESPACE } from '@pulsegraph/decode';
import type { Log } from '@pulsegraph/kit/log';
import { generate, parser, type IConnectPacket, type ISubscribePacket, type Packet } from 'mqtt-packet';
import type { Pressure } from '../batch/pressure.js';
import type { Intake } from '../intake/intake.js';
import { AckQueue, type Ack } from '../wire/ack-queue.js';
import { PacketFramer, type PacketSink, type PublishPacket } from '../wire/packet-framer.js';

export interface BrokerConnectionOptions {
  /** `mqtt://user:password@host:1883` or `mqtts://…`. */
  url: string;
  /** Names the session that the broker keeps while we are away: the same after a restart, another for each bridge. */
  clientId: string;
  /** One of several bridges at this broker: takes the devices that fall to it and leaves the others to the others. */
  shard?: BridgeShard;
  intake: Intake;
  pressure: Pressure;
  log: Log;
}

/** `index` of `count`, from 0. */
export interface BridgeShard {
  index: number;
  count: number;
}

const KEEPALIVE_SECONDS = 30;
const SILENCE_MS = KEEPALIVE_SECONDS * 1500;
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 10_000;
const MAX_CONTROL_BYTES = 256 * 1024;
const FILTERS = [
  `${TOPIC_PREFIX}/+/+/#`,
  // Homie, the domain being the organization; `$state` and `$description` are below the device.
  '+/5/+/#',
  ...['NBIRTH', 'NDEATH', 'NDATA'].map((type) => `${SPARKPLUG_NAMESPACE}/+/${type}/+`),
  ...['DBIRTH', 'DDEATH', 'DDATA'].map((type) => `${SPARKPLUG_NAMESPACE}/+/${type}/+/+`),
];

/**
 * Reads an external broker with any number of messages in flight, and acknowledges each to the broker when it is in the
 * event log. A small reader of our own: a general client acknowledges on receipt, or one message at a time.
 */
export class BrokerConnection {
  private socket: Socket | undefined;
  private endSession: (() => void) | undefined;
  private pauseMs = FIRST_PAUSE_MS;
  private retryTimer: NodeJS.Timeout | undefined;
  private stopped = false;
  private subscribed = false;
  private lastFault = '';

  constructor(private readonly options: BrokerConnectionOptions) {}

  /** True while messages flow. */
  get connected(): boolean {
    return this.subscribed;
  }

  start(): void {
    if (this.stopped) return;
    const { url, log } = this.options;
    const { hostname, port, protocol } = new URL(url);
    const host = hostname.replace(/^\[|\]$/g, '');
    const socket =
      protocol === 'mqtts:'
        ? connectTls({ host, port: Number(port || 8883), servername: host })
        : connectTcp({ host, port: Number(port || 1883) });
    this.socket = socket;
    socket.setNoDelay(true);
    const session = new Session(socket, this.options, () => {
      this.subscribed = true;
      this.pauseMs = FIRST_PAUSE_MS;
      this.lastFault = '';
      log.info({ host, clientId: this.options.clientId }, 'Reading the MQTT broker');
    });
    this.endSession = () => session.end();
    socket.once(protocol === 'mqtts:' ? 'secureConnect' : 'connect', () => session.open());
    socket.on('error', (error) => this.report(error.message));
    socket.once('close', () => {
      session.closed();
      this.subscribed = false;
      if (this.stopped) return;
      if (!this.lastFault) this.report('the connection was closed');
      this.retryTimer = setTimeout(() => this.start(), this.pauseMs * (0.5 + Math.random()));
      this.pauseMs = Math.min(this.pauseMs * 2, LONGEST_PAUSE_MS);
    });
  }

  /** Stops reading; what was read is still acknowledged. */
  stopReading(): void {
    this.stopped = true;
    clearTimeout(this.retryTimer);
    this.socket?.pause();
  }

  /** The broker keeps the session, and with it whatever was not acknowledged. */
  async stop(): Promise<void> {
    this.stopReading();
    const { socket } = this;
    if (!socket || socket.destroyed) return;
    this.endSession?.();
    await new Promise<void>((resolve) => {
      socket.once('close', () => resolve());
      socket.resume();
      socket.destroySoon();
    });
  }

  /** Once per kind of fault: a broker that is away for an hour needs one line, not a thousand. */
  private report(reason: string): void {
    if (reason === this.lastFault) return;
    this.lastFault = reason;
    this.options.log.warn({ reason }, 'The MQTT broker does not answer; trying again');
  }
}

/** One TCP connection's worth of the session. */
class Session implements PacketSink {
  private readonly framer = new PacketFramer(this, { maxPublishBytes: MAX_MESSAGE_BYTES, maxControlBytes: MAX_CONTROL_BYTES });
  private readonly control = parser();
  private readonly acks: AckQueue;
  private pingTimer: NodeJS.Timeout | undefined;
  private lastHeardAtMs = Date.now();
  private held = false;

  constructor(
    private readonly socket: Socket,
    private readonly options: BrokerConnectionOptions,
    private readonly ready: () => void,
  ) {
    this.acks = new AckQueue(
      (bytes) => this.write(bytes),
      (bytes) => this.options.pressure.release(bytes),
    );
    this.control.on('packet', (packet: Packet) => this.controlPacket(packet));
    this.control.on('error', (error: Error) => this.malformed(error.message));
    socket.on('data', (chunk: Buffer) => {
      this.lastHeardAtMs = Date.now();
      this.framer.feed(chunk);
    });
  }

  open(): void {
    const { username, password } = new URL(this.options.url);
    const connect: IConnectPacket = {
      cmd: 'connect',
      protocolId: 'MQTT',
      protocolVersion: 4,
      clean: false,
      clientId: this.options.clientId,
      keepalive: KEEPALIVE_SECONDS,
      ...(username && { username: decodeURIComponent(username), password: Buffer.from(decodeURIComponent(password)) }),
    };
    this.write(generate(connect));
    this.pingTimer = setInterval(
      () => {
        if (!this.held && Date.now() - this.lastHeardAtMs > SILENCE_MS) this.socket.destroy(new Error('the broker is silent'));
        else this.write(Buffer.from([0xc0, 0]));
      },
      (KEEPALIVE_SECONDS * 1000) / 2,
    );
  }

  end(): void {
    this.write(Buffer.from([0xe0, 0]));
  }

  closed(): void {
    clearInterval(this.pingTimer);
    this.framer.pause();
    this.options.pressure.forget(this.relieved);
  }

  publish(packet: PublishPacket): void {
    const { topic, payload, qos, packetId, retain } = packet;
    const ack = this.acks.add(qos, packetId);
    // Retained messages tell a new session what was said at some time unknown, and our own words come back to us here.
    if (retain || isDownlink(topic) || !isOurs(topic, this.options.shard)) ack.appended();
    else this.expect(ack, this.options.intake.take('broker', topic, payload, null, ack));
  }

  oversized({ topic, payload, qos, packetId }: PublishPacket, totalBytes: number): void {
    const ack = this.acks.add(qos, packetId);
    if (!isOurs(topic, this.options.shard)) ack.appended();
    else this.expect(ack, this.options.intake.takeOversized('broker', topic, payload, totalBytes, null, ack));
  }

  private expect(ack: Ack, bytes: number): void {
    ack.bytes = bytes;
    this.options.pressure.add(bytes);
    this.holdUnderPressure();
  }

  other(packet: Buffer): void {
    this.control.parse(packet);
  }

  malformed(reason: string): void {
    this.socket.destroy(new Error(`protocol error: ${reason}`));
  }

  private controlPacket(packet: Packet): void {
    if (packet.cmd === 'connack') {
      if (packet.returnCode !== 0)
        return void this.socket.destroy(new Error(`the broker refused our sign-in, return code ${packet.returnCode}`));
      // With a session present the subscription stands, and subscribing again would repeat every retained message.
      if (packet.sessionPresent) return this.ready();
      const subscribe: ISubscribePacket = { cmd: 'subscribe', messageId: 1, subscriptions: FILTERS.map((topic) => ({ topic, qos: 1 })) };
      this.write(generate(subscribe));
    } else if (packet.cmd === 'suback') {
      const refused = packet.granted.findIndex((granted) => granted === 128);
      if (refused >= 0) this.socket.destroy(new Error(`the broker refused the subscription to ${FILTERS[refused]}`));
      else this.ready();
    }
  }

  private holdUnderPressure(): void {
    if (this.held || !this.options.pressure.high) return;
    this.held = true;
    this.framer.pause();
    this.socket.pause();
    this.options.pressure.whenRelieved(this.relieved);
  }

  private readonly relieved = (): void => {
    this.held = false;
    this.lastHeardAtMs = Date.now();
    this.framer.resume();
    if (!this.held) this.socket.resume();
  };

  private write(bytes: Buffer): void {
    if (this.socket.writable) this.socket.write(bytes);
  }
}

/** All that a device says goes one way, in whatever dialect: otherwise its readings could overtake each other. */
function isOurs(topic: string, shard: BridgeShard | undefined): boolean {
  if (!shard) return true;
  const levels = topic.split('/');
  const [organization, device] =
    levels[0] === SPARKPLUG_NAMESPACE ? [levels[1], levels[3]] : levels[1] === '5' ? [levels[0], levels[2]] : [levels[2], levels[3]];
  return shardOf(`${organization}/${device}`, shard.count) === shard.index;
}

function isDownlink(topic: string): boolean {
  if (topic.endsWith('/readings')) return false;
  const kind = parseDeviceTopic(topic)?.kind;
  return kind !== undefined && !UPLINK_KINDS.has(kind);
}
