import { Webhook } from 'standardwebhooks';
import type { SettingsOf } from '../channel/settings.rules.js';
import { isTaken, said, tryLater, type Answer, type Outbound } from '../notification/outbound.js';
import type { Outcome, Outgoing, Transport } from '../notification/outcome.js';

/** Standard Webhooks: the id is the same in every attempt, the signature covers id, time and body. */
export function webhookTransport(outbound: Outbound, { url, secret }: SettingsOf<'WEBHOOK'>): Transport {
  const signer = new Webhook(secret);
  return (message) => {
    const body = JSON.stringify(payloadOf(message));
    const at = new Date(message.sentAtMs);
    const headers = {
      'content-type': 'application/json',
      'webhook-id': message.id,
      'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
      'webhook-signature': signer.sign(message.id, at, body),
    };
    return outbound.post({ url, headers, body }, judge);
  };
}

function payloadOf({ notices, link, mayBeRepeat, sentAtMs }: Outgoing) {
  const [first] = notices;
  const type = notices.length > 1 ? 'alert.digest' : first!.event === 'test' ? 'test' : `alert.${first!.event}`;
  return { type, timestamp: new Date(sentAtMs).toISOString(), data: { alerts: notices, link, mayBeRepeat } };
}

/** What is wrong with this very message stays wrong; all else may be a receiver that is being deployed. */
const FOR_GOOD = new Set([400, 410, 413, 422]);

function judge(answer: Answer): Outcome {
  if (isTaken(answer)) return { outcome: 'DELIVERED', detail: said(answer) };
  return FOR_GOOD.has(answer.status) ? { outcome: 'REFUSED', detail: said(answer) } : tryLater(answer);
}
