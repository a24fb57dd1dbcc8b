import type { SettingsOf } from '../channel/settings.rules.js';
import { isTaken, said, tryLater, type Answer, type Outbound } from '../notification/outbound.js';
import type { Outcome, Transport } from '../notification/outcome.js';

/** The person has answered STOP. */
const OPTED_OUT = 21_610;
/** Two segments: what is longer is in the dashboard. */
const MAX_CHARACTERS = 300;

/** Twilio's REST API. */
export function smsTransport(outbound: Outbound, apiUrl: string, { from, accountSid, authToken }: SettingsOf<'SMS'>): Transport {
  const url = new URL(`/2010-04-01/Accounts/${accountSid}/Messages.json`, apiUrl).href;
  const authorization = `Basic ${Buffer.from(`${accountSid}:${authToken}`).toString('base64')}`;
  return ({ recipient, text, link, mayBeRepeat }) => {
    const title = text.title.slice(0, MAX_CHARACTERS - link.length - 20);
    const body = new URLSearchParams({
      To: recipient,
      [from.startsWith('MG') ? 'MessagingServiceSid' : 'From']: from,
      Body: `${mayBeRepeat ? '(repeat?) ' : ''}${title} ${link}`,
    }).toString();
    return outbound.post({ url, headers: { authorization, 'content-type': 'application/x-www-form-urlencoded' }, body }, judge);
  };
}

function judge(answer: Answer): Outcome {
  if (isTaken(answer)) return { outcome: 'DELIVERED', detail: 'Taken by Twilio.' };
  if (answer.status === 429 || answer.status >= 500) return tryLater(answer);
  if (codeOf(answer) === OPTED_OUT) {
    return { outcome: 'REFUSED', because: 'OPTED_OUT', detail: 'The person has answered STOP and gets no more messages.' };
  }
  return { outcome: 'REFUSED', detail: said(answer) };
}

function codeOf({ body }: Answer): number | undefined {
  try {
    return (JSON.parse(body) as { code?: number }).code;
  } catch {
    return undefined;
  }
}
