import { createServer, type AddressInfo, type Socket } from 'node:net';
import type { RegistryKind } from '@pulsegraph/contracts';
import { MAX_MESSAGE_BYTES } from '@pulsegraph/decode';
import type { Log } from '@pulsegraph/kit/log';
import { counter, gauge } from '@pulsegraph/kit/metrics';
import type { RegistryProjection } from '@pulsegraph/kit/registry';
import type { Aedes } from 'aedes' with { 'resolution-mode': 'import' };
import { LRUCache } from 'lru-cache';
import type { Receipt } from '../batch/appender.js';
import type { DeviceTokens } from '../http/device-tokens.js';
import type { Pressure } from '../batch/pressure.js';
import type { Intake } from '../intake/intake.js';
import type { PublishPacket } from '../wire/packet-framer.js';
import { identityOf } from './credential-check.js';
import { DeviceConnection, type ConnectionOptions, type PublishLane } from './device-connection.js';
import { createSessionBroker } from './session-broker.js';

export interface MqttListenerOptions {
  /** 0: any free one. */
  port: number;
  host?: string;
  projection: RegistryProjection;
  tokens: DeviceTokens;
  intake: Intake;
  pressure: Pressure;
  maxInFlightBytesPerConnection: number;
  log: Log;
}

export interface DownlinkOptions {
  retain?: boolean;
  qos?: 0 | 1 | 2;
}

const MAX_CONTROL_BYTES = 256 * 1024;
const SWEEP_MS = 1_000;
const DECIDES_ACCESS: ReadonlySet<RegistryKind> = new Set(['credential', 'device', 'organization']);

const connections = gauge('pulsegraph_device_connections', 'Devices connected to the MQTT listener.');
const refusedConnections = counter('pulsegraph_device_connections_refused_total', 'Connections the MQTT listener refused.', ['reason']);

/** Our own MQTT 3.1.1 edge. A device is acknowledged when its message is in the event log, not before. */
export class MqttListener implements PublishLane {
  private readonly server = createServer({ allowHalfOpen: false }, (socket) => this.accept(socket));
  private readonly open = new Set<DeviceConnection>();
  private readonly byUsername = new Map<string, Set<DeviceConnection>>();
  private readonly recentlyLogged = new LRUCache<string, true>({ max: 1_000, ttl: 60_000 });
  private broker: Aedes | undefined;
  private sweepTimer: NodeJS.Timeout | undefined;
  private stopWatching: (() => void) | undefined;
  private readonly connectionOptions: ConnectionOptions;

  constructor(private readonly options: MqttListenerOptions) {
    this.connectionOptions = {
      lane: this,
      pressure: options.pressure,
      framer: { maxPublishBytes: MAX_MESSAGE_BYTES, maxControlBytes: MAX_CONTROL_BYTES },
      maxInFlightBytes: options.maxInFlightBytesPerConnection,
    };
  }

  /** @returns The port in use. Rejects with a sentence that names MQTT_PORT when it is taken. */
  async start(): Promise<number> {
    const { projection, tokens, log, port, host } = this.options;
    this.broker = await createSessionBroker({
      projection,
      tokens,
      log,
      signedIn: (connection, { username }) => this.remember(connection, username),
      refused: (username, reason) => this.logRefusal(username, reason),
      will: (connection, topic, payload, done) => this.will(connection, topic, payload, done),
    });
    this.stopWatching = projection.onChange((changes, snapshot) => {
      if (snapshot || changes.some(({ kind }) => DECIDES_ACCESS.has(kind))) this.recheck();
    });
    this.sweepTimer = setInterval(() => this.sweep(), SWEEP_MS);
    return new Promise((resolve, reject) => {
      this.server.once('error', (error: NodeJS.ErrnoException) => {
        if (error.code === 'EADDRINUSE') reject(new Error(`Port ${port} is taken: set MQTT_PORT to a free port, or stop what uses it.`));
        else if (error.code === 'EACCES') reject(new Error(`Port ${port} may not be used by this user: set MQTT_PORT to one above 1023.`));
        else reject(error);
      });
      this.server.listen({ port, ...(host && { host }) }, () => resolve((this.server.address() as AddressInfo).port));
    });
  }

  /** New connections are refused and open ones no longer read; what was read is still acknowledged. */
  stopReading(): void {
    if (this.server.listening) this.server.close();
    for (const connection of this.open) connection.stopReading();
  }

  async stop(): Promise<void> {
    this.stopReading();
    clearInterval(this.sweepTimer);
    this.stopWatching?.();
    const { broker } = this;
    if (broker && !broker.closed) await new Promise<void>((resolve) => broker.close(resolve));
    for (const connection of this.open) connection.destroy();
  }

  /** To a device's topic on the way down; kept for it when `retain`, or QoS above 0 and a lasting session. */
  publishToDevice(topic: string, payload: string | Buffer, { retain = false, qos = 1 }: DownlinkOptions = {}): Promise<void> {
    return new Promise((resolve, reject) => {
      if (!this.broker) return reject(new Error('The MQTT listener is not running.'));
      this.broker.publish({ cmd: 'publish', topic, payload, retain, qos, dup: false }, (error) => (error ? reject(error) : resolve()));
    });
  }

  /** Ends what a user name has open. */
  disconnect(username: string, reason: string): void {
    for (const connection of this.byUsername.get(username) ?? []) this.disconnectOne(connection, reason);
  }

  publish(connection: DeviceConnection, { topic, payload, retain }: PublishPacket, receipt: Receipt): number {
    const identity = connection.identity!;
    // Of what devices say, only the status is kept for those who subscribe later; the rest lives in the log.
    if (retain && topic === `${identity.prefix}status`) {
      const copy = Buffer.from(payload);
      return this.options.intake.take('mqtt', topic, payload, identity.address, {
        appended: () => {
          receipt.appended();
          void this.publishToDevice(topic, copy, { retain: true, qos: 0 }).catch(() => undefined);
        },
      });
    }
    return this.options.intake.take('mqtt', topic, payload, identity.address, receipt);
  }

  oversized(connection: DeviceConnection, { topic, payload }: PublishPacket, totalBytes: number, receipt: Receipt): number {
    return this.options.intake.takeOversized('mqtt', topic, payload, totalBytes, connection.identity!.address, receipt);
  }

  private will(connection: DeviceConnection, topic: string, payload: Buffer, done: (error: Error | null) => void): void {
    const { username, tokenHash, address } = connection.identity!;
    // A device whose platform goes away is not away itself. The will of one that is revoked still tells the truth; that of one that is retired concerns nobody.
    if (connection.goingAway || identityOf(this.options.projection, username, tokenHash) === 'RETIRED')
      return done(new Error('nobody to tell'));
    this.options.intake.take('mqtt', topic, payload, address, { appended: () => done(null) });
  }

  private accept(socket: Socket): void {
    const connection = new DeviceConnection(socket, this.connectionOptions);
    this.open.add(connection);
    connections.inc();
    connection.once('close', () => {
      this.open.delete(connection);
      connections.dec();
      const username = connection.identity?.username;
      const own = username === undefined ? undefined : this.byUsername.get(username);
      if (own?.delete(connection) && own.size === 0) this.byUsername.delete(username!);
    });
    this.broker!.handle(connection);
  }

  private remember(connection: DeviceConnection, username: string): void {
    const own = this.byUsername.get(username);
    if (own) own.add(connection);
    else this.byUsername.set(username, new Set([connection]));
  }

  /** Whose credential no longer holds is disconnected. */
  private recheck(): void {
    for (const own of this.byUsername.values()) {
      for (const connection of own) {
        const { username, tokenHash } = connection.identity!;
        const verdict = identityOf(this.options.projection, username, tokenHash);
        if (typeof verdict === 'string') this.disconnectOne(connection, verdict);
        else connection.identity = verdict;
      }
    }
  }

  private disconnectOne(connection: DeviceConnection, reason: string): void {
    this.options.log.info({ username: connection.identity?.username, reason }, 'A device was disconnected');
    connection.destroy();
  }

  private sweep(): void {
    const nowMs = Date.now();
    for (const connection of this.open) {
      // [MQTT-3.1.2-24]
      if (connection.keepaliveMs > 0 && !connection.held && nowMs - connection.lastHeardAtMs > connection.keepaliveMs * 1.5) {
        connection.destroy(new Error('keep alive timeout'));
      }
      // An old token's grace ends by the clock, without a change of the registry.
      const validUntilMs = connection.identity?.validUntilMs ?? null;
      if (validUntilMs !== null && validUntilMs <= nowMs) this.disconnectOne(connection, 'BAD_CREDENTIAL');
    }
  }

  private logRefusal(username: string, reason: string): void {
    refusedConnections.inc({ reason });
    const key = `${username} ${reason}`;
    if (this.recentlyLogged.has(key)) return;
    this.recentlyLogged.set(key, true);
    this.options.log.warn({ username: username.slice(0, 200), reason }, 'A device connection was refused');
  }
}
