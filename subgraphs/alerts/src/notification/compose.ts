import type { ChannelKind, ChannelSettings } from '../channel/settings.rules.js';
import { groupBy } from '../group-by.js';
import { quietUntil } from './quiet-hours.js';
import type { Notice } from './template.js';

/** `RETRY`: it failed for certain, so that it may leave together with what failed beside it. */
export type HoldReason = 'QUIET_HOURS' | 'GROUP' | 'RATE' | 'RETRY';

/** A delivery that is due. */
export interface Due {
  id: string;
  recipient: string;
  groupKey: string;
  stage: string;
  attempts: number;
  held: HoldReason | null;
  uncertain: boolean;
  /** Of an earlier attempt that may have arrived: the same deliveries go together again. */
  messageId: string | null;
  requestedAtMs: number;
  notice: Notice;
}

/** What one recipient has had lately. */
export interface Recent {
  /** When a message of the group was last delivered, by group key. */
  lastOfGroupMs: ReadonlyMap<string, number>;
  /** When the messages of the rate's window were sent, oldest first. */
  sentMs: readonly number[];
}

export interface Composed<D extends Due = Due> {
  /** Sent together, oldest first. */
  messages: { messageId: string | null; deliveries: D[] }[];
  holds: { deliveries: D[]; untilMs: number; reason: Exclude<HoldReason, 'RETRY'> }[];
}

/** People are spared; another system takes each by itself. */
const GROUP_SECONDS: Readonly<Record<ChannelKind, number>> = { EMAIL: 30, SMS: 60, WEBHOOK: 0, SLACK: 10, WEB_PUSH: 30 };
const RATES: Readonly<Record<ChannelKind, { messages: number; perSeconds: number } | null>> = {
  EMAIL: { messages: 30, perSeconds: 600 },
  SMS: { messages: 10, perSeconds: 600 },
  WEBHOOK: null,
  SLACK: { messages: 30, perSeconds: 60 },
  WEB_PUSH: { messages: 20, perSeconds: 600 },
};

export const groupSecondsOf = ({ kind, groupSeconds }: ChannelSettings) => groupSeconds ?? GROUP_SECONDS[kind];
export const rateOf = ({ kind, rateLimit }: ChannelSettings) => rateLimit ?? RATES[kind];

/**
 * What of that which is due leaves now, in which messages, and what is held back, for one recipient: the first of a group
 * leaves at once, what follows it is held; what was held leaves in one digest.
 */
export function compose<D extends Due>(settings: ChannelSettings, due: readonly D[], recent: Recent, nowMs: number): Composed<D> {
  const composed: Composed<D> = { messages: [], holds: [] };
  const fresh: D[] = [];
  const held: D[] = [];
  for (const [messageId, deliveries] of groupBy(
    due.filter((delivery) => delivery.messageId !== null),
    (delivery) => delivery.messageId,
  )) {
    composed.messages.push({ messageId, deliveries });
  }
  for (const delivery of due) {
    if (delivery.messageId !== null) continue;
    if (delivery.stage === 'test') composed.messages.push({ messageId: null, deliveries: [delivery] });
    else {
      const untilMs = quietUntil(settings.quietHours, delivery.notice.severity, nowMs);
      if (untilMs !== null) composed.holds.push({ deliveries: [delivery], untilMs, reason: 'QUIET_HOURS' });
      else (delivery.held === null ? fresh : held).push(delivery);
    }
  }
  const candidates = [...(held.length > 0 ? [held] : []), ...freshMessages(settings, fresh, recent, nowMs, composed)];
  applyRate(settings, candidates, recent, nowMs, composed);
  return composed;
}

function freshMessages<D extends Due>(
  settings: ChannelSettings,
  fresh: readonly D[],
  recent: Recent,
  nowMs: number,
  { holds }: Composed<D>,
): D[][] {
  const groupMs = groupSecondsOf(settings) * 1_000;
  if (groupMs === 0) return fresh.map((delivery) => [delivery]);
  const messages: D[][] = [];
  for (const [key, deliveries] of groupBy(fresh, ({ groupKey }) => groupKey)) {
    const untilMs = (recent.lastOfGroupMs.get(key) ?? -Infinity) + groupMs;
    if (untilMs > nowMs) holds.push({ deliveries, untilMs, reason: 'GROUP' });
    else messages.push(deliveries);
  }
  return messages;
}

function applyRate<D extends Due>(
  settings: ChannelSettings,
  candidates: readonly D[][],
  { sentMs }: Recent,
  nowMs: number,
  composed: Composed<D>,
): void {
  const rate = rateOf(settings);
  const inWindow = rate ? sentMs.filter((atMs) => atMs > nowMs - rate.perSeconds * 1_000) : [];
  const left = rate ? Math.max(0, rate.messages - inWindow.length) : Infinity;
  for (const [index, deliveries] of candidates.entries()) {
    if (index < left) composed.messages.push({ messageId: null, deliveries });
    // Until the oldest of the window has left it; where all of it is to be sent now, until now's has.
    else composed.holds.push({ deliveries, untilMs: (inWindow[0] ?? nowMs) + rate!.perSeconds * 1_000, reason: 'RATE' });
  }
}
