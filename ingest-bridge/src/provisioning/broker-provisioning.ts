import type { Log } from '@pulsegraph/kit/log';
import { gauge } from '@pulsegraph/kit/metrics';
import type { RegistryProjection } from '@pulsegraph/kit/registry';
import { connect, type MqttClient } from 'mqtt';
import { identityOf } from '../listener/credential-check.js';
import type { DownlinkOptions } from '../listener/mqtt-listener.js';
import { DynamicSecurity } from './dynamic-security.js';

export interface BrokerProvisioningOptions {
  url: string;
  clientId: string;
  projection: RegistryProjection;
  log: Log;
}

const unprovisioned = gauge(
  'pulsegraph_broker_unprovisioned_devices',
  'Devices with a credential that the external broker does not know: rotate it to let them in.',
);

/**
 * Keeps the external broker's device clients in step with the registry. Tokens pass through here once, when they are
 * made; afterwards only their hashes are known, so what the broker has lost cannot be put back, only reported.
 */
export class BrokerProvisioning {
  private client: MqttClient | undefined;
  private security: DynamicSecurity | undefined;
  /** What the broker holds, by user name: the hash of the token. */
  private known = new Map<string, string>();
  private work: Promise<unknown> = Promise.resolve();
  private stopWatching: (() => void) | undefined;
  private prepared = false;

  constructor(private readonly options: BrokerProvisioningOptions) {}

  get ready(): boolean {
    return this.prepared && this.client?.connected === true;
  }

  start(): void {
    const { url, clientId, projection, log } = this.options;
    const client = connect(url, { clientId, clean: true, keepalive: 30, reconnectPeriod: 1_000, queueQoSZero: false });
    this.client = client;
    this.security = new DynamicSecurity(client);
    client.on('error', (error) => log.warn({ reason: error.message }, 'Provisioning cannot reach the MQTT broker; trying again'));
    client.on('close', () => (this.prepared = false));
    client.on('connect', () => void this.prepare());
    this.stopWatching = projection.onChange((changes, snapshot) => {
      // Not within: `ready` turns true when the first snapshot has been told of.
      if (snapshot || changes.some(({ kind }) => kind === 'credential' || kind === 'device')) queueMicrotask(() => void this.reconcile());
    });
  }

  /** Lets the device in with this token, and no other: the broker knows one password per user name. */
  put(username: string, tokenHash: string, token: string): Promise<void> {
    return this.inTurn(async () => {
      await this.security!.put({ username, tokenHash }, token);
      this.known.set(username, tokenHash);
    });
  }

  remove(username: string): Promise<void> {
    return this.inTurn(async () => {
      await this.security!.remove(username);
      this.known.delete(username);
    });
  }

  async publishToDevice(topic: string, payload: string | Buffer, { retain = false, qos = 1 }: DownlinkOptions = {}): Promise<void> {
    if (!this.client?.connected) throw new Error('The MQTT broker is not connected.');
    await this.client.publishAsync(topic, payload, { retain, qos });
  }

  async stop(): Promise<void> {
    this.stopWatching?.();
    await this.work.catch(() => undefined);
    await this.client?.endAsync();
  }

  private async prepare(): Promise<void> {
    const { log, url } = this.options;
    try {
      await this.inTurn(async () => {
        if (!(await this.security!.prepare(decodeURIComponent(new URL(url).username)))) return;
        this.known = await this.security!.list();
        this.prepared = true;
      });
    } catch (error) {
      if (!this.client?.connected) return;
      log.error({ err: error }, 'The MQTT broker cannot be provisioned: its dynamic-security plugin must be on, and our user its admin');
      return;
    }
    await this.reconcile();
  }

  /** Removes whoever the registry no longer lets in, and counts those whom the broker should know and does not. */
  private async reconcile(): Promise<void> {
    const { projection, log } = this.options;
    if (!this.ready || !projection.ready) return;
    try {
      await this.inTurn(async () => {
        for (const [username, tokenHash] of this.known) {
          if (typeof identityOf(projection, username, tokenHash) !== 'string') continue;
          await this.security!.remove(username);
          this.known.delete(username);
          log.info({ username }, 'A device was removed from the MQTT broker');
        }
      });
      this.reportMissing();
    } catch (error) {
      log.error({ err: error }, 'The MQTT broker could not be brought in step with the registry; the next change tries again');
    }
  }

  private reportMissing(): void {
    const { projection, log } = this.options;
    let missing = 0;
    for (const { id, key: organizationKey } of projection.organizations()) {
      for (const { key, lifecycle } of projection.devicesOf(id)) {
        const username = `${organizationKey}/${key}`;
        if (lifecycle === 'ACTIVE' && !this.known.has(username) && projection.credentialsOf(username).length > 0) missing++;
      }
    }
    unprovisioned.set(missing);
    if (missing > 0) log.warn({ missing }, 'The MQTT broker does not know these many devices; rotate their credentials to let them in');
  }

  /** One change at a time: a rotation must not overtake the registration before it. */
  private inTurn<T>(task: () => Promise<T>): Promise<T> {
    const result = this.work.then(task, task);
    this.work = result.catch(() => undefined);
    return result;
  }
}
