import { connectAsync, type IClientOptions, type MqttClient } from 'mqtt';

/**
 * Connects and resolves when the broker has accepted; rejects when it refuses. One attempt: a test wants to know.
 * End it with `client.endAsync(true)`.
 */
export function mqttClient(url: string, options: IClientOptions = {}): Promise<MqttClient> {
  return connectAsync(url, { reconnectPeriod: 0, connectTimeout: 5_000, ...options }, false);
}
