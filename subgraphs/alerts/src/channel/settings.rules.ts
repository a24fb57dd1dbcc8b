import { isUuid, SEVERITIES } from '@pulsegraph/contracts';
import { z } from 'zod';
import { PLACEHOLDERS, unknownPlaceholder } from '../notification/template.js';
import { isTimeZone } from '../notification/quiet-hours.js';

export const CHANNEL_KINDS = ['EMAIL', 'SMS', 'WEBHOOK', 'SLACK', 'WEB_PUSH'] as const;
export type ChannelKind = (typeof CHANNEL_KINDS)[number];

const MAX_RECIPIENTS = 50;
const time = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be a time of day such as 22:00');
const template = z
  .string()
  .max(2_000, 'must have at most 2000 characters')
  .superRefine((text, context) => {
    const unknown = unknownPlaceholder(text);
    if (unknown) context.addIssue({ code: 'custom', message: `does not know {${unknown}}; there are {${PLACEHOLDERS.join('}, {')}}` });
  });

/** What every kind may set. */
const common = {
  quietHours: z
    .strictObject({
      from: time,
      to: time,
      timeZone: z.string().refine(isTimeZone, 'must be an IANA time zone such as Europe/Berlin'),
      /** What is worse comes through. */
      upTo: z.enum(SEVERITIES).default('HIGH'),
    })
    .refine(({ from, to }) => from !== to, { path: ['to'], message: 'must differ from from' })
    .optional(),
  /** The first of a group leaves at once; what follows within this time is sent together. 0: each by itself. */
  groupSeconds: z.int().min(0).max(3_600).optional(),
  rateLimit: z.strictObject({ messages: z.int().min(1).max(10_000), perSeconds: z.int().min(1).max(86_400) }).optional(),
  notifyResolved: z.boolean().optional(),
  template: z.strictObject({ title: template.optional(), text: template.optional() }).optional(),
};

const phone = z.string().regex(/^\+[1-9]\d{6,14}$/, 'must be a number in international form such as +4915112345678');
const recipients = <T extends z.ZodType>(one: T) =>
  z.array(one).min(1, 'must not be empty').max(MAX_RECIPIENTS, `must name at most ${MAX_RECIPIENTS}`);
const secretText = z.string().min(1, 'must not be empty').max(500, 'must have at most 500 characters');
const url = z
  .url({ protocol: /^https?$/, error: 'must be an https address' })
  .max(2_000, 'must have at most 2000 characters')
  .refine((text) => !URL.canParse(text) || (new URL(text).username === '' && new URL(text).password === ''), 'must not hold a password');

/** 24 to 64 bytes, as Standard Webhooks has it. */
const signingSecret = z.string().refine((text) => {
  const bytes = Buffer.from(text.replace(/^whsec_/, ''), 'base64').length;
  return /^whsec_[A-Za-z0-9+/]+={0,2}$/.test(text) && bytes >= 24 && bytes <= 64;
}, 'must be "whsec_" and 24 to 64 bytes in base64');

const RULES = {
  EMAIL: z.strictObject({ ...common, to: recipients(z.email('must be an e-mail address').max(254)) }),
  SMS: z.strictObject({
    ...common,
    to: recipients(phone),
    /** A number, or a messaging service (`MG…`). */
    from: z.union([phone, z.string().regex(/^MG[0-9a-f]{32}$/)], 'must be a number such as +4915112345678, or a messaging service MG…'),
    accountSid: z.string().regex(/^AC[0-9a-f]{32}$/, 'must be an account such as AC and 32 hexadecimal digits'),
    authToken: secretText,
  }),
  WEBHOOK: z.strictObject({ ...common, url, secret: signingSecret }),
  SLACK: z.strictObject({ ...common, url }),
  WEB_PUSH: z.strictObject({
    ...common,
    /** Empty or absent: everybody in the organization who has registered a browser. */
    userIds: z.array(z.string().refine(isUuid, 'must be the id of a user')).max(MAX_RECIPIENTS).optional(),
  }),
} as const satisfies Record<ChannelKind, z.ZodType>;

export type ChannelSettings = { [K in ChannelKind]: { kind: K } & z.infer<(typeof RULES)[K]> }[ChannelKind];
export type SettingsOf<K extends ChannelKind> = z.infer<(typeof RULES)[K]>;
/** As stored in the open: without secrets. */
export type OpenSettings = Record<string, unknown>;

/** A Slack address is a secret as a whole: whoever has it may post. */
const SECRETS: Readonly<Record<ChannelKind, readonly string[]>> = {
  EMAIL: [],
  SMS: ['authToken'],
  WEBHOOK: ['secret'],
  SLACK: ['url'],
  WEB_PUSH: [],
};

export const MASK = '••••••••';

export const settingsRules = (kind: ChannelKind) => RULES[kind];

export function splitSettings(kind: ChannelKind, settings: OpenSettings): { open: OpenSettings; secrets: Record<string, string> } {
  const open = { ...settings };
  const secrets: Record<string, string> = {};
  for (const name of SECRETS[kind]) {
    secrets[name] = String(settings[name]);
    delete open[name];
  }
  return { open, secrets };
}

export function maskedSettings(kind: ChannelKind, open: OpenSettings): OpenSettings {
  return { ...open, ...Object.fromEntries(SECRETS[kind].map((name) => [name, MASK])) };
}

/** A secret that is absent or comes back masked stays what it was. */
export function withKeptSecrets(kind: ChannelKind, given: OpenSettings, kept: Record<string, string>): OpenSettings {
  const filled = { ...given };
  for (const name of SECRETS[kind]) {
    if ((filled[name] === undefined || filled[name] === MASK) && kept[name] !== undefined) filled[name] = kept[name];
  }
  return filled;
}
