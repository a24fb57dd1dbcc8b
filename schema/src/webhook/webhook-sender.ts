import type { Log } from '@pulsegraph/kit/log';
import { Webhook } from 'standardwebhooks';
import type { Sql } from '../store/store.js';
import { deliveryDone, deliveryFailed, takeDueDeliveries, type Delivery } from './webhook.repository.js';

/** Seconds before the next attempt; after the last one the delivery is given up. */
const WAITS_S = [5, 30, 120, 600, 3_600, 14_400, 43_200];
const DEADLINE_MS = 10_000;
const LOOK_EVERY_MS = 5_000;

/** Sends what is queued, signed by the Standard Webhooks specification, until the receiver says 2xx. */
export class WebhookSender {
  private timer: NodeJS.Timeout | undefined;
  private sending: Promise<void> = Promise.resolve();

  constructor(
    private readonly sql: Sql,
    private readonly log: Log,
  ) {}

  start(): void {
    this.timer = setInterval(() => this.soon(), LOOK_EVERY_MS);
    this.timer.unref();
  }

  /** Something was queued just now. */
  soon(): void {
    this.sending = this.sending
      .then(() => this.drain())
      .catch((error: unknown) => this.log.error({ err: error }, 'Webhooks could not be sent'));
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.sending;
  }

  private async drain(): Promise<void> {
    for (let due = await takeDueDeliveries(this.sql); due.length > 0; due = await takeDueDeliveries(this.sql))
      await Promise.all(due.map((delivery) => this.send(delivery)));
  }

  private async send({ id, url, secret, payload, attempts }: Delivery): Promise<void> {
    try {
      const at = new Date();
      const response = await fetch(url, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'webhook-id': id,
          'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
          'webhook-signature': new Webhook(secret).sign(id, at, payload),
        },
        body: payload,
        redirect: 'error',
        signal: AbortSignal.timeout(DEADLINE_MS),
      });
      if (!response.ok) throw new Error(`the receiver answered ${response.status}`);
      await deliveryDone(this.sql, id);
    } catch (error) {
      const wait = WAITS_S[attempts - 1];
      const message = error instanceof Error ? error.message : String(error);
      if (wait === undefined) {
        this.log.error({ delivery: id, url, error: message }, 'A webhook was given up');
        return deliveryDone(this.sql, id);
      }
      await deliveryFailed(this.sql, id, message, wait);
    }
  }
}
