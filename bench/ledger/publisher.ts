import { connect, type MqttClient } from 'mqtt';
import { readingsTopic, type RegisteredDevice } from '../../e2e/client/device.js';

/** Between two messages of one publisher. */
const PAUSE_MS = 100;

/**
 * A device that says 1, 2, 3 … at QoS 1, each when the one before is acknowledged, however often the other end goes away.
 * Number n is recorded n milliseconds after `startMs`: what a redelivery repeats is the same reading.
 */
export class LedgerPublisher {
  /** 1 to this are acknowledged. */
  acknowledged = 0;
  private stopped = false;
  private running: Promise<void> = Promise.resolve();
  private readonly mqtt: MqttClient;

  constructor(
    readonly device: RegisteredDevice,
    readonly startMs: number,
    mqttUrl: string,
  ) {
    this.mqtt = connect(mqttUrl, {
      clientId: device.username,
      username: device.username,
      password: device.token,
      protocolVersion: 4,
      reconnectPeriod: 500,
      keepalive: 15,
    });
    // The other end is killed on purpose; the client comes back by itself.
    this.mqtt.on('error', () => undefined);
  }

  start(): void {
    this.running = this.run();
  }

  private async run(): Promise<void> {
    while (!this.stopped) {
      const number = this.acknowledged + 1;
      const payload = JSON.stringify({ ts: this.startMs + number, values: { temperature: number / 1_000 } });
      // Resolves with the acknowledgement; across a lost connection the client sends it again itself.
      await this.mqtt.publishAsync(readingsTopic(this.device), payload, { qos: 1 });
      this.acknowledged = number;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }

  /** Waits for the acknowledgement under way: by then everything runs again. */
  async stop(): Promise<void> {
    this.stopped = true;
    await this.running;
    await this.mqtt.endAsync(true);
  }
}
