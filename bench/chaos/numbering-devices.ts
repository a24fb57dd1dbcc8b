import type { MqttClient } from 'mqtt';
import { aDevice, aProfile, connectDevice, readingsTopic, type RegisteredDevice } from '../../e2e/client/device.js';
import type { SignedInClient } from '../../e2e/client/graphql-client.js';

/** Devices that send 1, 2, 3 … over MQTT with QoS 1, at a steady pace, whatever happens behind the broker. */
export class NumberingDevices {
  /** The newest number that each of them has sent. */
  readonly sent = new Map<string, number>();
  private timer: NodeJS.Timeout | undefined;
  private readonly unacknowledged = new Set<Promise<unknown>>();

  private constructor(private readonly devices: readonly { device: RegisteredDevice; mqtt: MqttClient }[]) {}

  static async connect(admin: SignedInClient, mqttUrl: string, count: number): Promise<NumberingDevices> {
    const metrics = [{ metric: 'temperature', name: 'Temperature', unit: 'Cel', expectedInterval: 'PT1S' }];
    const profileId = await aProfile(admin, 'chaos', { metrics });
    const devices = [];
    for (let index = 0; index < count; index += 1) {
      const device = await aDevice(admin, `chaos-${index + 1}`, profileId);
      devices.push({ device, mqtt: await connectDevice(mqttUrl, device) });
    }
    return new NumberingDevices(devices);
  }

  get ids(): string[] {
    return this.devices.map(({ device }) => device.id);
  }

  start(perSecond: number): void {
    this.timer = setInterval(() => {
      for (const { device, mqtt } of this.devices) {
        const seq = (this.sent.get(device.key) ?? 0) + 1;
        this.sent.set(device.key, seq);
        // The device's own time: what arrives twice is one reading.
        const publishing = mqtt.publishAsync(readingsTopic(device), JSON.stringify({ ts: Date.now(), values: { temperature: seq } }), {
          qos: 1,
        });
        this.unacknowledged.add(publishing);
        void publishing.finally(() => this.unacknowledged.delete(publishing));
      }
    }, 1_000 / perSecond);
  }

  /** Resolves when the broker has acknowledged everything. */
  async pause(): Promise<void> {
    clearInterval(this.timer);
    await Promise.all(this.unacknowledged);
  }

  async disconnect(): Promise<void> {
    await Promise.all(this.devices.map(({ mqtt }) => mqtt.endAsync(true)));
  }
}
