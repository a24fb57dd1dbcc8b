import { DEFAULT_RAW_RETENTION_DAYS } from '@pulsegraph/contracts';
import type { EventLog } from '@pulsegraph/kit/event-log';
import type { HealthCheck } from '@pulsegraph/kit/http';
import type { Log } from '@pulsegraph/kit/log';
import type { RegistryProjection } from '@pulsegraph/kit/registry';
import type { Router } from 'express';
import { Appender } from './batch/appender.js';
import { Pressure } from './batch/pressure.js';
import { BrokerConnection, type BridgeShard } from './broker/broker-connection.js';
import { credentialsRouter } from './http/credentials.router.js';
import { DeviceTokens } from './http/device-tokens.js';
import { ingestRouter } from './http/ingest.router.js';
import { Intake } from './intake/intake.js';
import { MqttListener, type DownlinkOptions } from './listener/mqtt-listener.js';
import { BrokerProvisioning } from './provisioning/broker-provisioning.js';
import { createEdge, type Edge } from './provisioning/edge.js';

export interface BridgeOptions {
  log: Log;
  eventLog: EventLog;
  /** Started by whoever made it. Until its first snapshot, devices are told to come back. */
  projection: RegistryProjection;
  /** Our own MQTT listener; 0 for any free port, null for none. */
  mqttPort: number | null;
  /** Address to listen on; all by default. */
  mqttHost?: string;
  /** An external broker to read, `mqtt://user:password@host:port`; null for none. */
  brokerUrl: string | null;
  /** Session name at the external broker; another for each bridge, the same after a restart. */
  brokerClientId?: string;
  /** Where several bridges share the external broker; each needs a `brokerClientId` of its own. */
  brokerShard?: BridgeShard;
  /** Whether this bridge makes the devices' accounts in the external broker, through Mosquitto's dynamic security. Default true. */
  provisionBroker?: boolean;
  /** Opens /internal/credentials. */
  internalToken: string;
  rawRetentionDays?: number;
  /** Heap of what was received and is not yet in the log, over all doors. Beyond it senders are not read. Default 64 MiB. */
  maxInFlightBytes?: number;
  /** The same for one MQTT connection. Default 4 MiB. */
  maxInFlightBytesPerConnection?: number;
}

export interface Bridge {
  /** Resolves when the doors are open. Rejects with one sentence when a port is taken. */
  start(): Promise<void>;
  /** Stops accepting, lets what was received reach the log, then closes. What the log did not take was not acknowledged. */
  stop(graceMs?: number): Promise<void>;
  /** In use after `start`; null without a listener. */
  readonly mqttPort: number | null;
  /** `POST /ingest/v1/readings` and `POST /api/v2/write`: for the public port. */
  readonly ingestRouter: Router;
  /** `/internal/credentials`: for a port that only other parts reach. */
  readonly internalRouter: Router;
  readonly edge: Edge;
  /** To a topic on the way down, over every edge there is. */
  publishToDevice(topic: string, payload: string | Buffer, options?: DownlinkOptions): Promise<void>;
  readonly checks: readonly HealthCheck[];
}

const DEFAULT_IN_FLIGHT_BYTES = 64 * 1024 * 1024;
const DEFAULT_IN_FLIGHT_BYTES_PER_CONNECTION = 4 * 1024 * 1024;
const DRAIN_MS = 5_000;

/** MQTT and HTTP in, records in the event log out: decode → validate → append → acknowledge. */
export function createBridge(options: BridgeOptions): Bridge {
  const { log, eventLog, projection, brokerUrl, brokerClientId = 'pulsegraph-bridge' } = options;
  const rawRetentionDays = options.rawRetentionDays ?? DEFAULT_RAW_RETENTION_DAYS;
  const pressure = new Pressure(options.maxInFlightBytes ?? DEFAULT_IN_FLIGHT_BYTES);
  const appender = new Appender(eventLog, log);
  const say = (topic: string, payload: Buffer) => {
    publishToDevice(topic, payload, { qos: 0 }).catch((error: unknown) => log.debug({ err: error, topic }, 'A device could not be asked'));
  };
  const intake = new Intake({ registry: projection, appender, rawRetentionDays, say, log });
  const tokens = new DeviceTokens(projection);

  const listener =
    options.mqttPort === null
      ? null
      : new MqttListener({
          port: options.mqttPort,
          host: options.mqttHost,
          projection,
          tokens,
          intake,
          pressure,
          maxInFlightBytesPerConnection: options.maxInFlightBytesPerConnection ?? DEFAULT_IN_FLIGHT_BYTES_PER_CONNECTION,
          log,
        });
  const broker =
    brokerUrl === null
      ? null
      : new BrokerConnection({ url: brokerUrl, clientId: brokerClientId, shard: options.brokerShard, intake, pressure, log });
  const provisioning =
    brokerUrl === null || options.provisionBroker === false
      ? null
      : new BrokerProvisioning({ url: brokerUrl, clientId: `${brokerClientId}-admin`, projection, log });
  const edge = createEdge({ projection, listener, provisioning });

  const publishToDevice = async (topic: string, payload: string | Buffer, downlink?: DownlinkOptions): Promise<void> => {
    await Promise.all([listener?.publishToDevice(topic, payload, downlink), provisioning?.publishToDevice(topic, payload, downlink)]);
  };

  let mqttPort: number | null = null;
  let stopping = false;

  const openBroker = () => {
    // Readings of devices that are not known yet would become dead letters.
    if (projection.ready && !stopping) broker?.start();
  };

  return {
    async start() {
      if (listener) {
        mqttPort = await listener.start();
        log.info({ mqttPort }, 'Listening for devices');
      }
      provisioning?.start();
      if (!broker) return;
      if (projection.ready) return openBroker();
      const stopWaiting = projection.onChange(() => {
        stopWaiting();
        // `ready` turns true when the snapshot has been told of.
        queueMicrotask(openBroker);
      });
    },

    async stop(graceMs = DRAIN_MS) {
      stopping = true;
      listener?.stopReading();
      broker?.stopReading();
      await within(appender.drain(), graceMs);
      appender.stop();
      tokens.close();
      await Promise.all([listener?.stop(), broker?.stop(), provisioning?.stop()]);
    },

    get mqttPort() {
      return mqttPort;
    },
    ingestRouter: ingestRouter({ tokens, projection, rawRetentionDays, eventLog, appender, pressure, intake, log }),
    internalRouter: credentialsRouter(edge, options.internalToken, log),
    edge,

    publishToDevice,

    checks: [
      { name: 'registry', check: async () => expect(projection.ready, 'no snapshot yet') },
      { name: 'event-log', check: () => eventLog.ping() },
      ...(broker ? [{ name: 'mqtt-broker', check: async () => expect(broker.connected, 'not connected') }] : []),
      ...(provisioning ? [{ name: 'mqtt-provisioning', check: async () => expect(provisioning.ready, 'not connected') }] : []),
    ],
  };
}

function expect(condition: boolean, otherwise: string): void {
  if (!condition) throw new Error(otherwise);
}

async function within(work: Promise<void>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  await Promise.race([work, new Promise<void>((resolve) => (timer = setTimeout(resolve, ms)))]);
  clearTimeout(timer);
}
