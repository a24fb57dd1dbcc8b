import type { GraphQLFormattedError } from 'graphql';
import { eventSeconds, itemsSkipped, payloadsSent, slowClients } from '../metrics.js';
import type { GraphQLResult } from '../operation/plan-execution.js';
import type { DeliveredEvent, DeliveryHistory } from './delivery/history.js';
import { KeepAll } from './delivery/keep-all.js';
import { RecentEvents } from './delivery/recent-events.js';
import { LatestElements } from './delivery/latest-elements.js';
import { LatestEvents } from './delivery/latest-events.js';
import type { LivePlan } from './live-plan.js';
import type { EndReason } from './live-sink.js';
import type { Member } from './member.js';
import { ReplayPhase } from './replay-phase.js';
import type { UpstreamEvent, UpstreamListener } from './upstream.js';

export interface GroupOptions {
  plan: LivePlan;
  /** The cursor from which the group is replayed to; null: live from the start. */
  after: string | null;
  eventsInFlight: number;
  execute: Execute;
  onEmpty: () => void;
  onSlow: (group: Group) => void;
  /** After an event has gone out to all who are not slow. */
  onDelivered: (cursor: string | null) => void;
  /** A member that has to be replayed to from its cursor once more. */
  onLost: (member: Member) => void;
}

export type Execute = (event: UpstreamEvent, ownCopy: boolean) => Promise<GraphQLResult>;

const SLOW: GraphQLFormattedError = {
  message: 'The client read too slowly for this stream. Subscribe again with the last cursor.',
  extensions: { code: 'SLOW_CONSUMER' },
};
const DRAIN_CHECK_MS = 10;
const MOST_MISSED_BYTES = 256 << 10;

/**
 * All clients with the same operation, variables and class of viewer: each event is executed and serialised once, and
 * everybody gets the same bytes. Slow clients leave the common step and catch up from one shared history.
 */
export class Group implements UpstreamListener {
  private readonly members = new Set<Member>();
  /** Slow clients, and the newest event that each of them has. */
  private readonly slow = new Map<Member, number>();
  private history: DeliveryHistory | undefined;
  private seq = 0;
  private inFlight = 0;
  private tail: Promise<void> = Promise.resolve();
  private last: DeliveredEvent | undefined;
  private over = false;
  private readonly replay: ReplayPhase;
  readonly recent: RecentEvents;

  constructor(private readonly options: GroupOptions) {
    this.recent = new RecentEvents(options.after);
    this.replay = new ReplayPhase(options.after, () => this.waitsForClient());
  }

  get size(): number {
    return this.members.size;
  }

  get hasSlow(): boolean {
    return this.slow.size > 0;
  }

  get plan(): LivePlan {
    return this.options.plan;
  }

  get startedAfter(): string | null {
    return this.options.after;
  }

  /** The stream waits for slow clients instead of merging, because every stored event is due to them. */
  get replaying(): boolean {
    return this.replay.active;
  }

  /** From the next event on. */
  replan(plan: LivePlan, execute: Execute): void {
    this.options.plan = plan;
    this.options.execute = execute;
  }

  join(member: Member): void {
    this.members.add(member);
    const { policy, key } = this.plan.delivery;
    // A stream of states: who comes later gets the state there is, not silence until it changes.
    if (this.last && policy === 'LATEST_BY_KEY' && key === null && !this.last.result.errors) this.send(member, this.last);
  }

  /** @returns false when the event with this cursor is not at hand. */
  joinAfter(member: Member, cursor: string): boolean {
    const missed = this.recent.after(cursor);
    if (!missed) return false;
    this.members.add(member);
    for (const event of missed) this.send(member, event);
    return true;
  }

  /**
   * Takes the members of another group, which all have everything up to the cursor.
   * @returns false when this group cannot tell what they still need.
   */
  takeOver(other: Group, cursor: string): boolean {
    const missed = this.recent.after(cursor);
    const ahead = !missed && this.recent.last?.cursor ? other.recent.after(this.recent.last.cursor) : undefined;
    if (!missed && !ahead) return false;
    // Too far behind to be given it all at once: the replay brings it nearer.
    if (missed && missed.reduce((bytes, { payload }) => bytes + payload.length, 0) > MOST_MISSED_BYTES) return false;
    for (const member of [...other.members]) {
      other.members.delete(member);
      this.members.add(member);
      member.movedTo(this);
      if (missed) for (const event of missed) this.send(member, event);
      else member.has = new Set(ahead!.map((event) => event.cursor!));
    }
    other.finish();
    return true;
  }

  /** Ends every operation of the group with these errors. */
  endAll(errors: readonly GraphQLFormattedError[], reason: EndReason): void {
    for (const member of [...this.members]) this.end(member, reason, () => member.sink.fail(errors));
  }

  private send(member: Member, { payload, cursor }: { payload: Buffer; cursor: string | null }): void {
    if (cursor !== null) member.cursor = cursor;
    member.sink.send(payload, cursor);
    payloadsSent.inc();
  }

  leave(member: Member): void {
    if (!this.members.delete(member)) return;
    this.quicken(member);
    if (this.members.size === 0) this.finish();
  }

  onEvent(event: UpstreamEvent, own: boolean): void {
    this.inFlight += 1;
    this.replay.heard();
    const running = this.options.execute(event, own);
    const delivered = async () => {
      const result = await running;
      this.inFlight -= 1;
      if (!this.over) this.deliver(event, result);
    };
    // Executions overlap; clients see events in the order in which they came.
    this.tail = this.tail.then(delivered);
  }

  pressure(): Promise<void> | undefined {
    if (this.replaying && this.waitsForClient()) return this.drained();
    return this.inFlight >= this.options.eventsInFlight ? this.tail : undefined;
  }

  onEnd(errors: readonly GraphQLFormattedError[] | null): void {
    void this.tail.then(() => {
      for (const member of [...this.members]) {
        while (this.catchUp(member)); // what is held for a slow client goes out before the end does
        if (errors) this.end(member, 'upstream_error', () => member.sink.fail(errors));
        else this.end(member, 'upstream_complete', () => member.sink.complete());
      }
    });
  }

  /** Gives slow clients that can take something what has gathered for them. Called on a tick, so that they share it. */
  serveSlow(): void {
    let oldest = this.seq;
    for (const [member, seq] of [...this.slow]) {
      if (this.history && seq < this.history.oldestServableSeq) {
        this.end(member, 'slow_consumer', () => {
          member.sink.fail([SLOW]);
          member.sink.abandon();
        });
        continue;
      }
      while (!member.sink.congested && this.catchUp(member));
      oldest = Math.min(oldest, this.slow.get(member) ?? oldest);
    }
    if (this.history instanceof LatestElements) this.history.forget(oldest);
  }

  private deliver(event: UpstreamEvent, result: GraphQLResult): void {
    this.seq += 1;
    const payload = Buffer.from(JSON.stringify(result));
    const delivered: DeliveredEvent = { seq: this.seq, result, payload, cursor: event.cursor, keys: event.keys };
    this.last = delivered;
    let sent = 0;
    for (const member of this.members) {
      if (this.slow.has(member)) continue;
      if (member.has && this.hasAlready(member, event.cursor)) continue;
      if (member.sink.congested) this.slowDown(member);
      else {
        if (event.cursor !== null) member.cursor = event.cursor;
        member.sink.send(payload, event.cursor);
        sent += 1;
      }
    }
    payloadsSent.inc(sent);
    eventSeconds.observe((performance.now() - event.arrivedAtMs) / 1_000);
    this.history?.add(delivered);
    this.recent.add(delivered);
    this.options.onDelivered(event.cursor);
  }

  /** The groups brought the same events, cut differently: then only the cursor tells where the client is. */
  private hasAlready(member: Member, cursor: string | null): boolean {
    const known = cursor !== null && member.has!.delete(cursor);
    if (known && member.has!.size > 0) return true;
    member.has = undefined;
    if (!known) this.options.onLost(member);
    return true;
  }

  private slowDown(member: Member): void {
    const since = this.seq - 1;
    this.history ??= this.createHistory(since);
    this.slow.set(member, since);
    slowClients.inc();
    this.options.onSlow(this);
  }

  private createHistory(since: number): DeliveryHistory {
    const { delivery, elements, rootName, listNames } = this.plan;
    if (delivery.policy === 'KEEP_ALL' || this.replaying) return new KeepAll(delivery.bound, since);
    return elements ? new LatestElements(rootName, listNames, since) : new LatestEvents();
  }

  private quicken(member: Member): void {
    if (!this.slow.delete(member)) return;
    slowClients.dec();
    if (this.slow.size === 0) this.history = undefined;
  }

  /** @returns whether something was sent; a client that has everything is slow no longer. */
  private catchUp(member: Member): boolean {
    const seq = this.slow.get(member);
    if (seq === undefined) return false;
    const next = this.history?.after(seq);
    if (next) {
      this.send(member, next);
      itemsSkipped.inc(next.skipped);
      this.slow.set(member, next.seq);
    }
    if (!next || next.seq === this.seq) this.quicken(member);
    return next !== undefined;
  }

  private end(member: Member, reason: EndReason, tell: () => void): void {
    if (!this.members.has(member)) return;
    tell();
    this.leave(member);
    member.onEnded(reason);
  }

  private finish(): void {
    if (this.over) return;
    this.over = true;
    this.replay.stop();
    this.history = undefined;
    this.options.onEmpty();
  }

  private waitsForClient(): boolean {
    for (const member of this.members) if (member.sink.congested || this.slow.has(member)) return true;
    return false;
  }

  private async drained(): Promise<void> {
    await this.tail;
    while (!this.over && this.waitsForClient()) await new Promise((resolve) => setTimeout(resolve, DRAIN_CHECK_MS));
  }
}
