import { createHash } from 'node:crypto';
import type { RejectionRecord } from '@pulsegraph/contracts';
import type { ClientBase } from 'pg';

const INSERT = `
with inserted as (
  insert into telemetry.dead_letter (dead_letter_id, organization_id, source, topic, device_key, device_id, reason, detail, payload,
    encoding, received_at)
  select id, organization_id, source, topic, device_key, device_id, reason, detail, payload, encoding, to_timestamp(received_at)
  from jsonb_to_recordset($1::jsonb) as d (id uuid, organization_id uuid, source text, topic text, device_key text, device_id uuid,
    reason text, detail text, payload text, encoding text, received_at float8)
  on conflict (dead_letter_id) do nothing
  returning organization_id)
select organization_id, count(*)::int as count from inserted group by 1`;

/** @returns How many were new, by organization; a redelivered one is not. */
export async function insertDeadLetters(client: ClientBase, rejections: readonly RejectionRecord[]): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  if (rejections.length === 0) return counts;
  const { rows } = await client.query<{ organization_id: string; count: number }>(INSERT, [JSON.stringify(rejections.map(rowOf))]);
  for (const { organization_id: id, count } of rows) counts.set(id, count);
  return counts;
}

function rowOf(rejection: RejectionRecord) {
  const { organizationId, source, topic, deviceKey, deviceId, reason, detail, receivedAtUs } = rejection;
  // Bytes that are no text here stay what they were.
  const binary = rejection.encoding === 'UTF8' && rejection.payload.includes('\0');
  return {
    id: deadLetterId(rejection),
    organization_id: organizationId,
    source,
    topic: storable(topic),
    device_key: storable(deviceKey),
    device_id: deviceId,
    reason,
    detail: storable(detail),
    payload: binary ? Buffer.from(rejection.payload).toString('base64') : storable(rejection.payload),
    encoding: binary ? 'BASE64' : rejection.encoding,
    received_at: receivedAtUs / 1e6,
  };
}

/** Postgres keeps no NUL and no half of a surrogate pair. */
function storable<T extends string | null>(text: T): T {
  return (text === null ? null : Buffer.from(text.replaceAll('\0', '\uFFFD')).toString()) as T;
}

/** Follows from the content, so that a redelivered rejection is the same dead letter. */
function deadLetterId({ organizationId, source, topic, deviceKey, reason, detail, payload, receivedAtUs }: RejectionRecord): string {
  const content = JSON.stringify([organizationId, source, topic, deviceKey, reason, detail, payload, receivedAtUs]);
  const hex = createHash('sha256').update(content).digest('hex');
  // RFC 9562 §5.8: version 8 is for ids made by one's own rule.
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
