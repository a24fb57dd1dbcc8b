import type { ChannelKind } from '../core/schema.generated';
import { number, secret, text } from '../core/form-values';

/** Kinds that can be set up here, and what the form asks for each. */
export const KIND_NAMES: Readonly<Record<ChannelKind, string>> = {
  EMAIL: 'E-mail',
  SMS: 'SMS (Twilio)',
  WEBHOOK: 'Webhook, signed',
  SLACK: 'Slack',
  WEB_PUSH: 'Web push',
};
const SECRET_BYTES = 32;

export interface Settings {
  to?: string[];
  from?: string;
  accountSid?: string;
  authToken?: string;
  url?: string;
  secret?: string;
  notifyResolved?: boolean;
  groupSeconds?: number;
  quietHours?: { from: string; to: string; timeZone: string; upTo?: string };
  rateLimit?: { messages: number; perSeconds: number };
}

/** What the form says, over what it does not ask about. An empty secret is left out: the one there is stays. */
export function settingsOf(form: FormData, kind: ChannelKind, kept: Settings): Settings {
  const settings: Settings = { ...kept, notifyResolved: form.has('notifyResolved') };
  for (const name of ['from', 'accountSid', 'url'] as const) if (form.has(name)) settings[name] = text(form, name);
  for (const name of ['authToken', 'secret'] as const) {
    if (secret(form, name)) settings[name] = secret(form, name).trim();
    else if (form.has(name)) delete settings[name];
  }
  if (kind === 'SLACK' && !settings.url) delete settings.url;
  if (form.has('to'))
    settings.to = text(form, 'to')
      .split(/[\s,;]+/)
      .filter(Boolean);
  const groupSeconds = number(form, 'groupSeconds');
  if (groupSeconds === null) delete settings.groupSeconds;
  else settings.groupSeconds = groupSeconds;
  const messages = number(form, 'messages');
  if (messages === null) delete settings.rateLimit;
  else settings.rateLimit = { messages, perSeconds: 3_600 };
  const [quietFrom, quietTo] = [text(form, 'quietFrom'), text(form, 'quietTo')];
  if (quietFrom && quietTo) {
    settings.quietHours = { from: quietFrom, to: quietTo, timeZone: text(form, 'timeZone'), upTo: text(form, 'upTo') };
  } else delete settings.quietHours;
  return settings;
}

/** Where it goes, for the list; secrets come back masked. */
export function destinationOf(settings: Settings): string {
  return settings.to?.join(', ') ?? (settings.url?.startsWith('http') ? new URL(settings.url).host : '');
}

/** As Standard Webhooks has it. */
export function newSigningSecret(): string {
  return `whsec_${btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(SECRET_BYTES))))}`;
}
