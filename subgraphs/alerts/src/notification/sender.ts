import { randomUUID } from 'node:crypto';
import type { Log } from '@pulsegraph/kit/log';
import { counter } from '@pulsegraph/kit/metrics';
import { METRIC } from '@pulsegraph/contracts';
import { z } from 'zod';
import type { ChannelSettings } from '../channel/settings.rules.js';
import { groupBy } from '../group-by.js';
import { Breaker, retryDelayMs, type RetryPolicy } from './breaker.js';
import { compose, groupSecondsOf, rateOf, type Composed, type HoldReason } from './compose.js';
import type { DeliveryStore, DueDelivery, StoredChannel } from './delivery.store.js';
import { outgoingOf } from './message.js';
import { mootBecause } from './moot.js';
import type { Outcome, Transport } from './outcome.js';

const payloadRules = z.object({ channelId: z.string() });
/** Messages to one channel under way at once; those to one recipient follow each other, except to another system. */
const PARALLEL = 16;
const HOLD_WORDS: Readonly<Record<Exclude<HoldReason, 'RETRY'>, string>> = {
  QUIET_HOURS: 'quiet hours',
  GROUP: 'grouped with those before',
  RATE: "the channel's rate limit",
};

const deliveriesTotal = counter(METRIC.notificationDeliveries, 'Attempts to deliver a message, by kind of channel and outcome.', [
  'kind',
  'outcome',
]);

export interface SenderOptions {
  store: DeliveryStore;
  /** Settings with their secrets, and how to send by them. */
  open(channel: StoredChannel): { settings: ChannelSettings; send: Transport };
  optOuts: OptOuts;
  retries: RetryPolicy;
  publicUrl: string;
  clock: () => number;
  log: Log;
}

/** Who has asked for no more messages, or is gone. */
export interface OptOuts {
  has(channelId: string, recipient: string): Promise<boolean>;
  note(channel: StoredChannel, recipient: string, because: 'OPTED_OUT' | 'GONE'): Promise<void>;
  lift(channelId: string, recipient: string): Promise<void>;
}

type Message = Composed<DueDelivery>['messages'][number];

/** Sends what is due on one channel, until nothing is. Never two at once for a channel: the queue sees to it. */
export class Sender {
  private stopping = false;

  constructor(private readonly options: SenderOptions) {}

  /** Begins no further message; what is still due is left to whoever runs next. */
  stop(): void {
    this.stopping = true;
  }

  async send(payload: unknown): Promise<void> {
    const { store, clock, retries } = this.options;
    const { channelId } = payloadRules.parse(payload);
    const channel = await store.channel(channelId);
    if (!channel) return;
    if (!channel.usable) return store.suppressAll(channelId, 'The channel was disabled or deleted.');
    await store.recover(channelId, clock());
    const breaker = new Breaker(retries, channel.failures, channel.openUntilMs);
    const { settings, send } = this.options.open(channel);
    while (!this.stopping && (await this.round(channel, settings, send, breaker)));
    const nextMs = await store.nextDueMs(channelId);
    if (nextMs === null) return;
    await store.later(channelId, Math.max(nextMs, breaker.openUntilMs ?? 0) - clock());
  }

  /** @returns Whether there may be more to do. */
  private async round(channel: StoredChannel, settings: ChannelSettings, send: Transport, breaker: Breaker): Promise<boolean> {
    const { store, clock } = this.options;
    const due = await this.withoutMoot(await store.due(channel.id, clock()));
    const isOpen = breaker.isOpen(clock());
    // A person who presses the button wants to see what happens now.
    const wanted = isOpen ? due.filter(({ stage }) => stage === 'test') : due;
    if (wanted.length === 0) return due.length > 0 && !isOpen;
    const messages = await this.composed(channel, settings, wanted);
    const chains = [...groupBy(messages, (message) => chainOf(channel, message)).values()];
    if (breaker.probing && !isOpen) chains.splice(0, chains.length, messages.slice(0, 1));
    let stopped = false;
    await inParallel(chains, async (chain) => {
      for (const message of chain) {
        if (stopped || this.stopping) return;
        await this.deliver(channel, settings, send, message, breaker);
        stopped = !isOpen && breaker.isOpen(clock());
      }
    });
    return !stopped && !isOpen;
  }

  private async withoutMoot(due: readonly DueDelivery[]): Promise<DueDelivery[]> {
    for (const [why, deliveries] of groupBy(due, mootBecause)) {
      if (why !== null) await this.options.store.suppress(idsOf(deliveries), why);
    }
    return due.filter((delivery) => mootBecause(delivery) === null);
  }

  private async composed(channel: StoredChannel, settings: ChannelSettings, due: readonly DueDelivery[]): Promise<Message[]> {
    const { store, clock } = this.options;
    const windowMs = (rateOf(settings)?.perSeconds ?? 0) * 1_000;
    const messages: Message[] = [];
    for (const [recipient, deliveries] of groupBy(due, (delivery) => delivery.recipient)) {
      const nowMs = clock();
      const keys = [...new Set(deliveries.map(({ groupKey }) => groupKey))];
      const recent = await store.recent(channel.id, recipient, keys, nowMs - windowMs);
      const found = compose(settings, deliveries, recent, nowMs);
      for (const { deliveries: held, untilMs, reason } of found.holds) {
        const why = `Held back until ${new Date(untilMs).toISOString()}: ${HOLD_WORDS[reason]}.`;
        await store.hold(idsOf(held), untilMs, reason, why);
      }
      messages.push(...found.messages);
    }
    return messages;
  }

  private async deliver(
    channel: StoredChannel,
    settings: ChannelSettings,
    send: Transport,
    message: Message,
    breaker: Breaker,
  ): Promise<void> {
    const { store, clock, retries, optOuts } = this.options;
    const { recipient, stage } = message.deliveries[0]!;
    // A test asks anew: whoever has answered START since gets it, and is back.
    if (stage !== 'test' && (await optOuts.has(channel.id, recipient))) {
      return store.suppress(idsOf(message.deliveries), 'The person has answered STOP and gets no more messages.');
    }
    const messageId = message.messageId ?? randomUUID();
    const taken = await store.begin(message.deliveries, messageId, clock(), clock() + retries.giveUpAfterMs);
    const deliveries = message.deliveries.filter(({ id }) => taken.has(id));
    if (deliveries.length === 0) return;
    const outcome = await send(outgoingOf(deliveries, messageId, settings.template, this.options.publicUrl, clock()));
    deliveriesTotal.inc({ kind: channel.kind, outcome: outcome.outcome });
    const next = { retryAtMs: this.retryAtMs(deliveries, outcome), regroup: groupSecondsOf(settings) > 0 };
    await store.end(idsOf(deliveries), outcome, clock(), next);
    if (outcome.outcome === 'REFUSED' && outcome.because) await optOuts.note(channel, recipient, outcome.because);
    if (outcome.outcome === 'DELIVERED' && stage === 'test') await optOuts.lift(channel.id, recipient);
    const { failures } = breaker;
    breaker.record(outcome.outcome === 'DELIVERED' ? true : outcome.outcome === 'REFUSED' ? null : false, clock());
    if (breaker.failures === failures) return;
    await store.breaker(channel.id, breaker.failures, breaker.openUntilMs);
    if (breaker.isOpen(clock())) {
      this.options.log.warn(
        { channelId: channel.id, failures: breaker.failures, detail: outcome.detail },
        'A channel fails; it is left alone',
      );
    }
  }

  /** Null: it ends here. */
  private retryAtMs(deliveries: readonly DueDelivery[], outcome: Outcome): number | null {
    if (outcome.outcome === 'DELIVERED' || outcome.outcome === 'REFUSED') return null;
    const { clock, retries } = this.options;
    const [{ stage, attempts, giveUpAtMs }] = deliveries as [DueDelivery];
    if (stage === 'test') return null;
    const waitMs = outcome.outcome === 'FAILED' && outcome.retryAfterMs ? outcome.retryAfterMs : retryDelayMs(retries, attempts + 1);
    const atMs = clock() + waitMs;
    return giveUpAtMs !== null && atMs > giveUpAtMs ? null : atMs;
  }
}

const idsOf = (deliveries: readonly { id: string }[]) => deliveries.map(({ id }) => id);

/** What must keep its order: all to one person; of another system, what concerns one alert. */
function chainOf({ kind }: StoredChannel, { deliveries: [first] }: Message): string {
  return kind === 'WEBHOOK' ? (first!.notice.alertId ?? first!.id) : first!.recipient;
}

async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const rest = items.values();
  await Promise.all(
    Array.from({ length: Math.min(PARALLEL, items.length) }, async () => {
      for (const item of rest) await work(item);
    }),
  );
}
