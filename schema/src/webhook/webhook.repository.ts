import { randomUUID } from 'node:crypto';
import { errors } from '@pulsegraph/kit/errors';
import type { Sql } from '../store/store.js';

export const WEBHOOK_EVENTS = ['schema.published', 'schema.checked', 'schema.rolled_back'] as const;
export type WebhookEvent = (typeof WEBHOOK_EVENTS)[number];

export interface Delivery {
  id: string;
  url: string;
  secret: string;
  payload: string;
  attempts: number;
}

export const addWebhook = async (sql: Sql, url: string, secret: string, events: readonly WebhookEvent[]): Promise<string> => {
  const id = randomUUID();
  await sql.rows('insert into webhook (id, url, secret, events) values ($1, $2, $3, $4)', [id, url, secret, events]);
  return id;
};

export async function removeWebhook(sql: Sql, id: string): Promise<void> {
  if ((await sql.rows('delete from webhook where id = $1 returning id', [id])).length === 0) throw errors.notFound('webhook');
}

export const readWebhooks = (sql: Sql): Promise<{ id: string; url: string; events: string[] }[]> =>
  sql.rows('select id, url, events from webhook order by created_at');

/** In the transaction of what happened: nobody hears of what was rolled back, and nothing that happened is kept from them. */
export async function enqueueWebhooks(sql: Sql, event: WebhookEvent, data: object): Promise<void> {
  const hooks = await sql.rows<{ id: string }>('select id from webhook where $1 = any(events)', [event]);
  for (const hook of hooks) {
    const payload = JSON.stringify({ type: event, timestamp: new Date().toISOString(), data });
    await sql.rows('insert into webhook_delivery (id, webhook_id, event, payload) values ($1, $2, $3, $4)', [
      `msg_${randomUUID()}`,
      hook.id,
      event,
      payload,
    ]);
  }
}

/** Taken for a minute: another registry leaves them alone, and takes them over should this one end. */
export const takeDueDeliveries = (sql: Sql): Promise<Delivery[]> =>
  sql.rows<Delivery>(
    `update webhook_delivery d set attempts = d.attempts + 1, next_at = now() + interval '1 minute'
     from webhook w where w.id = d.webhook_id and d.id in (
       select id from webhook_delivery where next_at <= now() order by next_at limit 20 for update skip locked)
     returning d.id, w.url, w.secret, d.payload, d.attempts`,
  );

export const deliveryDone = async (sql: Sql, id: string): Promise<void> =>
  void (await sql.rows('delete from webhook_delivery where id = $1', [id]));

export const deliveryFailed = async (sql: Sql, id: string, error: string, waitSeconds: number): Promise<void> =>
  void (await sql.rows('update webhook_delivery set last_error = $2, next_at = now() + make_interval(secs => $3) where id = $1', [
    id,
    error,
    waitSeconds,
  ]));
