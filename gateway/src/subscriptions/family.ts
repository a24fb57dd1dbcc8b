import { formatError } from '@pulsegraph/kit/errors';
import { inSpan } from '@pulsegraph/kit/tracing';
import type { GraphQLFormattedError } from 'graphql';
import type { Caller, Engine } from '../operation/engine.js';
import type { GraphQLResult } from '../operation/plan-execution.js';
import { executeEvent } from './execute-event.js';
import { Group } from './group.js';
import type { Member } from './member.js';
import { livePlanOf, type LivePlan } from './live-plan.js';
import type { LiveSettings } from './live-settings.js';
import type { EndReason } from './live-sink.js';
import type { Upstream, UpstreamEvent } from './upstream.js';
import type { UpstreamPool } from './upstream-pool.js';

export type Ready = ReturnType<Engine['prepare']>;

export interface FamilyOptions {
  ready: Ready;
  /** Whom the shared work runs as. */
  runAs: Caller;
  viewerKey: string;
  engine: Engine;
  pool: UpstreamPool;
  settings: LiveSettings;
  onEmpty: () => void;
  onSlow: (group: Group) => void;
  onGroups: (change: 1 | -1) => void;
}

interface Running {
  group: Group;
  upstream: Upstream;
}

/**
 * All clients that want the same: equal operation, variables and class of viewer, from whatever cursor. Those that are
 * replayed to have groups of their own and join the main one at an event that both have seen, so that after a mass
 * reconnect everybody shares again.
 */
export class Family {
  private readonly running = new Map<Group, Running>();
  private main: Group | undefined;
  private plan: LivePlan;

  constructor(private readonly options: FamilyOptions) {
    this.plan = livePlanOf(options.ready.prepared);
  }

  get ready(): Ready {
    return this.options.ready;
  }

  get groups(): Iterable<Group> {
    return this.running.keys();
  }

  /** @param after The last cursor that the client has; null: from now on. */
  join(member: Member, after: string | null): Group {
    const { main } = this;
    if (after === null && main && !main.replaying) {
      main.join(member);
      return main;
    }
    if (after !== null) {
      // Somebody else kept the stream open meanwhile: what the client missed is at hand.
      if (main?.joinAfter(member, after)) return main;
      for (const group of this.running.keys()) if (group !== main && group.joinAfter(member, after)) return group;
    }
    return this.start(member, after);
  }

  private start(member: Member, after: string | null): Group {
    const group: Group = new Group({
      plan: this.plan,
      after,
      eventsInFlight: this.options.settings.eventsInFlight,
      execute: this.executeOn(this.ready, this.plan),
      onEmpty: () => this.drop(group),
      onSlow: this.options.onSlow,
      onDelivered: (cursor) => this.merge(group, cursor),
      onLost: (member) => this.replayTo(member, group),
    });
    group.join(member);
    const upstream = this.options.pool.get(this.wanted(this.ready, this.plan, after));
    this.running.set(group, { group, upstream });
    this.options.onGroups(1);
    // A live group is the better centre: late comers may join it.
    if (!this.main || (after === null && this.main.replaying)) this.main = group;
    this.setJoining();
    upstream.add(group);
    return group;
  }

  private replayTo(member: Member, from: Group): void {
    member.movedTo(this.start(member, member.cursor));
    from.leave(member);
  }

  private drop(group: Group): void {
    const running = this.running.get(group);
    if (!running) return;
    this.running.delete(group);
    this.options.onGroups(-1);
    running.upstream.remove(group);
    if (this.main === group) this.main = [...this.running.keys()].find(({ replaying }) => !replaying) ?? this.running.keys().next().value;
    this.setJoining();
    if (this.running.size === 0) this.options.onEmpty();
  }

  private setJoining(): void {
    for (const group of this.running.keys()) group.recent.joining = this.running.size > 1;
  }

  /** After each event: groups that stand at the same place as the main one become part of it. */
  private merge(group: Group, cursor: string | null): void {
    const { main } = this;
    if (this.running.size < 2 || !main || cursor === null) return;
    if (group !== main) {
      if (!group.hasSlow) main.takeOver(group, cursor);
      return;
    }
    for (const other of [...this.running.keys()]) {
      const last = other.recent.last?.cursor;
      // The other is at this event already, or past it.
      if (other !== main && last && !other.hasSlow && other.recent.after(cursor)) main.takeOver(other, last);
    }
  }

  private executeOn(ready: Ready, plan: LivePlan): (event: UpstreamEvent, ownCopy: boolean) => Promise<GraphQLResult> {
    const { engine, runAs } = this.options;
    return async (event, ownCopy) => {
      try {
        const { requestId } = runAs;
        return await inSpan(`event ${plan.rootName}`, { requestId }, () =>
          executeEvent(plan, event, ownCopy, ready.runtime.services, ready.variables, engine.contextOf(runAs), engine.policy),
        );
      } catch (error) {
        return { data: null, errors: [formatError(error, engine.policy.log, runAs.requestId)] };
      }
    };
  }

  private wanted(ready: Ready, plan: LivePlan, after: string | null) {
    const { engine, runAs, viewerKey } = this.options;
    const client = ready.runtime.clients.get(plan.service)!;
    return { plan, variables: ready.variables, viewerKey, after, client, context: () => engine.contextOf(runAs) };
  }

  /** Ends every operation of the family. */
  end(errors: readonly GraphQLFormattedError[], reason: EndReason): void {
    for (const { group } of [...this.running.values()]) group.endAll(errors, reason);
  }

  /**
   * Goes over to a new supergraph. A first fetch that is the same keeps its stream; another one goes on from the last
   * cursor of the old. Without a cursor the new stream has a moment to open before the old one is left.
   */
  async migrate(ready: Ready): Promise<void> {
    const before = { plan: this.plan, client: this.ready.runtime.clients.get(this.plan.service) };
    const plan = livePlanOf(ready.prepared);
    const client = ready.runtime.clients.get(plan.service)!;
    this.options.ready = ready;
    this.plan = plan;
    const same = before.client === client && before.plan.service === plan.service && before.plan.query === plan.query;
    const execute = this.executeOn(ready, plan);
    const waiting: Running[] = [];
    for (const running of this.running.values()) {
      if (same) {
        running.upstream.adopt(plan, client);
        running.group.replan(plan, execute);
      } else if (!this.goOn(running)) waiting.push(running);
    }
    if (waiting.length > 0) await this.changeOver(waiting, ready, plan);
  }

  /** By the cursor; false when there is none. */
  private goOn(running: Running): boolean {
    const { cursor } = running.upstream;
    if (!this.plan.resume || cursor === null) return false;
    this.attach(running, this.options.pool.continue({ ...this.wanted(this.ready, this.plan, cursor), after: cursor }));
    return true;
  }

  private async changeOver(waiting: readonly Running[], ready: Ready, plan: LivePlan): Promise<void> {
    const next = this.options.pool.get(this.wanted(ready, plan, null));
    const placeholder = { onEvent: () => undefined, pressure: () => undefined, onEnd: () => undefined };
    next.add(placeholder);
    await new Promise((resolve) => setTimeout(resolve, this.options.settings.changeOverMs));
    for (const running of waiting) {
      if (!this.running.has(running.group) || this.goOn(running)) continue;
      this.attach(running, this.options.pool.get(this.wanted(ready, plan, null)));
    }
    next.remove(placeholder);
  }

  private attach(running: Running, upstream: Upstream): void {
    const before = running.upstream;
    running.upstream = upstream;
    running.group.replan(this.plan, this.executeOn(this.ready, this.plan));
    upstream.add(running.group);
    before.remove(running.group);
  }
}
