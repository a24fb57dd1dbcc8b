import { connectAsync, type MqttClient } from 'mqtt';
import { deviceTopic, type DeviceAddress } from '@pulsegraph/contracts';
import type { DeviceAccess } from '../platform/provision.js';

/** What a device sends in one message: numbers, truths or words by metric. */
export type Values = Record<string, number | string | boolean>;

/** One device's MQTT session: its will says offline, its first word is online. */
export class DeviceConnection {
  private constructor(
    private readonly client: MqttClient,
    private readonly address: DeviceAddress,
  ) {}

  static async open(access: DeviceAccess, onError: (error: Error) => void): Promise<DeviceConnection> {
    const [organizationKey = '', deviceKey = ''] = access.username.split('/');
    const address = { organizationKey, deviceKey };
    const status = deviceTopic({ ...address, kind: 'status' });
    const client = await connectAsync(access.mqttUrl, {
      clientId: access.username,
      username: access.username,
      password: access.token,
      protocolVersion: 4,
      clean: false,
      reconnectPeriod: 1_000,
      will: { topic: status, payload: Buffer.from('offline'), qos: 1, retain: true },
    });
    client.on('error', onError);
    const connection = new DeviceConnection(client, address);
    // After a reconnect the broker has told everybody of our will: say again that we are here.
    client.on('connect', () => client.publish(status, 'online', { qos: 1, retain: true }));
    await client.publishAsync(status, 'online', { qos: 1, retain: true });
    return connection;
  }

  /** Resolves when the platform has acknowledged. */
  async send(readings: { ts?: number; values: Values } | { ts: number; values: Values }[]): Promise<void> {
    await this.client.publishAsync(deviceTopic({ ...this.address, kind: 'readings' }), JSON.stringify(readings), { qos: 1 });
  }

  async close(): Promise<void> {
    if (this.client.connected) {
      await this.client.publishAsync(deviceTopic({ ...this.address, kind: 'status' }), 'offline', { qos: 1, retain: true });
    }
    await this.client.endAsync(true);
  }
}
