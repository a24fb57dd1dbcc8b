import { generateRequestDetails } from 'web-push';
import { isTaken, said, tryLater, type Outbound } from '../notification/outbound.js';
import type { Outcome, Transport } from '../notification/outcome.js';

export interface PushIdentity {
  publicKey: string;
  privateKey: string;
  /** Whom a push service may write to: `mailto:` or `https:`. */
  subject: string;
}

export interface PushTarget {
  endpoint: string;
  p256dh: string;
  auth: string;
}

const KEPT_SECONDS = 4 * 3_600;

/** @param targetOf Null once the browser is registered no more. */
export function webPushTransport(
  outbound: Outbound,
  identity: PushIdentity,
  targetOf: (recipient: string) => Promise<PushTarget | null>,
): Transport {
  return async ({ id, recipient, text, link, notices }) => {
    const target = await targetOf(recipient);
    if (!target) return { outcome: 'REFUSED', detail: 'This browser is registered no more.' };
    const { endpoint, p256dh, auth } = target;
    const payload = JSON.stringify({ id, title: text.title, body: text.text.slice(0, 1_000), link });
    const urgent = notices.some(({ severity, event }) => event !== 'resolved' && (severity === 'CRITICAL' || severity === 'HIGH'));
    const details = generateRequestDetails({ endpoint, keys: { p256dh, auth } }, payload, {
      vapidDetails: identity,
      TTL: KEPT_SECONDS,
      urgency: urgent ? 'high' : 'normal',
    });
    const headers = Object.fromEntries(Object.entries(details.headers).map(([name, value]) => [name, String(value)]));
    return outbound.post({ url: endpoint, headers, body: details.body ?? Buffer.alloc(0) }, (answer): Outcome => {
      if (isTaken(answer)) return { outcome: 'DELIVERED', detail: said(answer) };
      if (answer.status === 404 || answer.status === 410) {
        return { outcome: 'REFUSED', because: 'GONE', detail: 'The browser has ended its registration.' };
      }
      const forGood = answer.status === 400 || answer.status === 413;
      return forGood ? { outcome: 'REFUSED', detail: said(answer) } : tryLater(answer);
    });
  };
}
