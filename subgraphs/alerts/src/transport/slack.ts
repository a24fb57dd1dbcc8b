import type { SettingsOf } from '../channel/settings.rules.js';
import { isTaken, said, tryLater, type Outbound } from '../notification/outbound.js';
import type { Transport } from '../notification/outcome.js';

/** An incoming webhook of Slack, or of what speaks like it. */
export function slackTransport(outbound: Outbound, { url }: SettingsOf<'SLACK'>): Transport {
  return ({ text }) => {
    const body = JSON.stringify({
      text: escaped(text.title),
      blocks: [
        { type: 'section', text: { type: 'plain_text', text: text.title } },
        { type: 'section', text: { type: 'plain_text', text: text.text.slice(0, 2_900) } },
      ],
    });
    return outbound.post({ url, headers: { 'content-type': 'application/json' }, body }, (answer) => {
      if (isTaken(answer)) return { outcome: 'DELIVERED', detail: said(answer) };
      // channel_not_found, channel_is_archived, action_prohibited: nothing that time would mend.
      const forGood = answer.status >= 400 && answer.status < 500 && answer.status !== 408 && answer.status !== 429;
      return forGood ? { outcome: 'REFUSED', detail: said(answer) } : tryLater(answer);
    });
  };
}

/** The plain text of a notification is read for mentions and links; what a device is named must not call everybody. */
const escaped = (text: string) => text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
