import { Duplex } from 'node:stream';
import type { Socket } from 'node:net';
import type { DeviceAddress } from '@pulsegraph/contracts';
import type { Receipt } from '../batch/appender.js';
import type { Pressure } from '../batch/pressure.js';
import { AckQueue, type Ack } from '../wire/ack-queue.js';
import { PacketFramer, PacketType, type FramerLimits, type PacketSink, type PublishPacket } from '../wire/packet-framer.js';

/** The device that signed in on a connection, and the credential it used. */
export interface Identity {
  address: DeviceAddress;
  username: string;
  deviceId: string;
  tokenHash: string;
  /** After a rotation the old token works until here. */
  validUntilMs: number | null;
  /** Topics below this are its own. */
  prefix: string;
}

export type Refusal = 'REGISTRY_NOT_READY' | 'BAD_CREDENTIAL' | 'RETIRED' | 'FOREIGN_WILL' | 'NO_USERNAME';

/** What happens to a device's messages; the listener gives it. */
export interface PublishLane {
  /** @returns Bytes that the message takes in memory until the receipt is given. */
  publish(connection: DeviceConnection, packet: PublishPacket, receipt: Receipt): number;
  oversized(connection: DeviceConnection, packet: PublishPacket, totalBytes: number, receipt: Receipt): number;
}

export interface ConnectionOptions {
  lane: PublishLane;
  pressure: Pressure;
  framer: FramerLimits;
  /** Of one connection's messages, received and not yet in the log. */
  maxInFlightBytes: number;
}

const enum Pause {
  /** Until the sign-in is decided: nothing is read beyond CONNECT. */
  SignIn = 1,
  /** The session half has not taken what it was given. */
  Session = 2,
  OwnBytes = 4,
  AllBytes = 8,
  /** For good: the platform is going away. */
  Stopping = 16,
}

const PUBCOMP = 0x70;

/**
 * A device's socket, divided: PUBLISH goes straight into the pipeline and is acknowledged from here once it is in the
 * log; every other packet goes through this stream to aedes, which keeps sessions, subscriptions and the way down.
 * aedes alone would do for correctness of the protocol, but it costs several times the decoding, acknowledges before it
 * publishes, and gathers packets of any size.
 */
export class DeviceConnection extends Duplex implements PacketSink {
  identity: Identity | null = null;
  /** What aedes asks after the CONNECT packet: who it is, or why not. */
  signIn: Identity | Refusal = 'NO_USERNAME';
  /** 0: the device promised nothing. */
  keepaliveMs = 0;
  lastHeardAtMs = Date.now();
  readonly filters = new Set<string>();

  private readonly framer: PacketFramer;
  private readonly acks: AckQueue;
  private inFlightBytes = 0;
  private pauses = 0;
  /** QoS 2 packets received and not yet released [MQTT-4.3.3-2]. */
  private readonly unreleased = new Set<number>();

  constructor(
    private readonly socket: Socket,
    private readonly options: ConnectionOptions,
  ) {
    super();
    this.framer = new PacketFramer(this, options.framer);
    this.acks = new AckQueue(
      (bytes) => void (this.socket.writable && this.socket.write(bytes)),
      (bytes) => this.release(bytes),
    );
    socket.setNoDelay(true);
    // [MQTT-3.1.0-1] Anything else is no MQTT client; waiting for the rest of what would be its packet helps nobody.
    socket.once(
      'data',
      (chunk: Buffer) => void (chunk[0]! >> 4 !== PacketType.CONNECT && this.malformed('the first packet is no CONNECT')),
    );
    socket.on('data', (chunk: Buffer) => {
      this.lastHeardAtMs = Date.now();
      this.framer.feed(chunk);
    });
    socket.on('end', () => this.push(null));
    socket.on('error', (error) => this.destroy(error));
    socket.on('close', () => this.destroy());
  }

  /** True while we ourselves do not read: silence is then not the device's. */
  get held(): boolean {
    return this.pauses !== 0;
  }

  /** The device is signed in and told so: what it sent meanwhile is read. */
  admit(): void {
    this.letGo(Pause.SignIn);
  }

  /** What was read is still acknowledged. */
  stopReading(): void {
    this.holdBack(Pause.Stopping);
  }

  /** The platform ends the connection, not the device. */
  get goingAway(): boolean {
    return (this.pauses & Pause.Stopping) !== 0;
  }

  publish(packet: PublishPacket): void {
    if (!this.identity) return this.malformed('PUBLISH before CONNECT'); // [MQTT-3.1.0-1]
    if (packet.qos === 2 && !this.firstDelivery(packet.packetId)) return;
    const ack = this.acks.add(packet.qos, packet.packetId);
    this.expect(ack, this.options.lane.publish(this, packet, ack));
  }

  oversized(packet: PublishPacket, totalBytes: number): void {
    if (!this.identity) return this.malformed('PUBLISH before CONNECT');
    if (packet.qos === 2 && !this.firstDelivery(packet.packetId)) return;
    const ack = this.acks.add(packet.qos, packet.packetId);
    this.expect(ack, this.options.lane.oversized(this, packet, totalBytes, ack));
  }

  other(packet: Buffer, type: number): void {
    if (type === PacketType.PUBREL && packet.length >= 4) {
      this.unreleased.delete((packet[2]! << 8) | packet[3]!);
      if (this.socket.writable) this.socket.write(Buffer.from([PUBCOMP, 2, packet[2]!, packet[3]!]));
      return;
    }
    if (type === PacketType.CONNECT && !this.identity) this.holdBack(Pause.SignIn);
    if (!this.push(packet)) this.holdBack(Pause.Session);
  }

  malformed(reason: string): void {
    this.destroy(new Error(`Protocol error: ${reason}`));
  }

  private firstDelivery(packetId: number): boolean {
    if (!this.unreleased.has(packetId)) {
      this.unreleased.add(packetId);
      return true;
    }
    // Known already: acknowledge again, take it once.
    this.acks.add(2, packetId).appended();
    return false;
  }

  private expect(ack: Ack, bytes: number): void {
    ack.bytes = bytes;
    this.inFlightBytes += bytes;
    this.options.pressure.add(bytes);
    if (this.inFlightBytes >= this.options.maxInFlightBytes) this.holdBack(Pause.OwnBytes);
    if (this.options.pressure.high && !(this.pauses & Pause.AllBytes)) {
      this.holdBack(Pause.AllBytes);
      this.options.pressure.whenRelieved(this.relieved);
    }
  }

  private release(bytes: number): void {
    this.inFlightBytes -= bytes;
    this.options.pressure.release(bytes);
    if (this.inFlightBytes <= this.options.maxInFlightBytes / 2) this.letGo(Pause.OwnBytes);
  }

  private readonly relieved = (): void => this.letGo(Pause.AllBytes);

  private holdBack(reason: Pause): void {
    if (this.pauses === 0) {
      this.framer.pause();
      this.socket.pause();
    }
    this.pauses |= reason;
  }

  private letGo(reason: Pause): void {
    if (!(this.pauses & reason)) return;
    this.pauses &= ~reason;
    if (this.pauses !== 0 || this.destroyed) return;
    this.lastHeardAtMs = Date.now();
    this.framer.resume();
    // What was held may have filled the bound again.
    if (!this.held) this.socket.resume();
  }

  override _read(): void {
    this.letGo(Pause.Session);
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    if (this.socket.write(chunk)) done();
    else this.socket.once('drain', done);
  }

  // aedes writes a packet in pieces, corked: they arrive here together, so an acknowledgement never falls between them.
  override _writev(chunks: { chunk: Buffer }[], done: (error?: Error | null) => void): void {
    this._write(chunks.length === 1 ? chunks[0]!.chunk : Buffer.concat(chunks.map(({ chunk }) => chunk)), 'utf8', done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.socket.end(() => done());
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.framer.pause();
    this.options.pressure.forget(this.relieved);
    // A refusal that was just written still has to leave; a peer that does not read is not waited for.
    if (error || this.socket.writableLength > 0) this.socket.destroy();
    else this.socket.destroySoon();
    done(error);
  }
}
