import type { Mailer } from '@pulsegraph/kit/mail';
import type { Outcome, Transport } from '../notification/outcome.js';

interface SmtpFault extends Error {
  code?: string;
  /** Where in the conversation it was. */
  command?: string;
  responseCode?: number;
  /** Which of its timers ran out. */
  timeoutType?: string;
}

/** @param host Behind the @ of message ids. */
export function emailTransport(mailer: Mailer, host: string): Transport {
  return async ({ id, recipient, text }) => {
    try {
      await mailer.send({ to: recipient, subject: text.title, text: text.text, messageId: `<${id}@${host}>` });
      return { outcome: 'DELIVERED', detail: 'Taken by the mail server.' };
    } catch (error) {
      return outcomeOf(error as SmtpFault);
    }
  };
}

function outcomeOf({ command, responseCode, message, code, timeoutType }: SmtpFault): Outcome {
  const detail = message.replace(/\s+/g, ' ').slice(0, 300);
  // 5xx to the recipient or the mail itself is a bounce; to our own sign-in it is a setting that somebody will mend.
  if (responseCode !== undefined && responseCode >= 500 && /^(MAIL|RCPT|DATA)/.test(command ?? '')) return { outcome: 'REFUSED', detail };
  // Once the conversation had begun, silence may have come after the mail was taken.
  const isSilence = command === 'DATA' || timeoutType === 'SOCKET_TIMEOUT' || /closed/.test(message);
  if (responseCode === undefined && isSilence) return { outcome: 'NO_ANSWER', detail: `The mail server gave no answer: ${detail}` };
  return { outcome: 'FAILED', detail: code && !detail.includes(code) ? `${detail} (${code})` : detail };
}
