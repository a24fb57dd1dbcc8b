import type { Viewer } from '@pulsegraph/contracts';
import { DomainError, formatError } from '@pulsegraph/kit/errors';
import type { Log } from '@pulsegraph/kit/log';
import { classViewer } from '../identity/identity.js';
import type { GatewayLimits } from '../limits/limits.js';
import { groupsOpen, liveEnded, liveOpen, liveStarted } from '../metrics.js';
import type { Caller, Engine } from '../operation/engine.js';
import { stableJson } from '../operation/stable-json.js';
import { executeEvent } from './execute-event.js';
import { Group, type Member } from './group.js';
import { livePlanOf, requestedCursor, upstreamVariables, type LivePlan } from './live-plan.js';
import type { LiveSettings } from './live-settings.js';
import type { EndReason, LiveSink } from './live-sink.js';
import { Upstream } from './upstream.js';

/** A client's open subscription. */
export interface LiveOperation {
  /** Lets go without a word to the client. */
  stop(reason: EndReason): void;
  /** The caller's organization, role or person has changed: the operation goes on as what the caller is now. */
  changeViewer(viewer: Viewer | null): void;
}

type Ready = ReturnType<Engine['prepare']>;

export interface LiveEngineOptions {
  engine: Engine;
  settings: LiveSettings;
  limits: GatewayLimits;
  log: Log;
}

/** What two operations have to have in common, and do not: for the debug endpoint. */
export interface SharingKey {
  document: string;
  variables: string;
  viewer: string;
  after: string | null;
}

/** Opens client subscriptions and lets equal ones share: the stream from the subgraph, and the execution of its events. */
export class LiveEngine {
  private readonly groups = new Map<string, { group: Group; key: SharingKey }>();
  private readonly upstreams = new Map<string, Upstream>();
  private readonly perViewer = new Map<string, number>();
  private readonly slowGroups = new Set<Group>();
  private ticker: NodeJS.Timeout | undefined;

  constructor(private readonly options: LiveEngineOptions) {}

  /** @throws DomainError TOO_MANY_SUBSCRIPTIONS. What a subgraph says to the subscription comes through the sink. */
  open(ready: Ready, caller: Caller, sink: LiveSink, onEnded: (reason: EndReason) => void): LiveOperation {
    const release = this.admit(caller);
    liveStarted.inc();
    liveOpen.inc();
    let ended = false;
    const finish = (reason: EndReason) => {
      if (ended) return;
      ended = true;
      release();
      liveOpen.dec();
      liveEnded.inc({ reason });
    };
    const member: Member = {
      sink,
      onEnded: (reason) => {
        finish(reason);
        onEnded(reason);
      },
    };
    let viewer = caller.viewer;
    let group = this.groupFor(ready, { ...caller, viewer });
    group.join(member);
    return {
      stop: (reason) => {
        if (ended) return;
        finish(reason);
        group.leave(member);
      },
      changeViewer: (next) => {
        const plan = livePlanOf(ready.prepared);
        if (ended || viewerKey(plan, next) === viewerKey(plan, viewer)) return;
        viewer = next;
        const before = group;
        group = this.groupFor(ready, { ...caller, viewer });
        group.join(member);
        before.leave(member);
      },
    };
  }

  /** Open groups with what makes each of them itself, and how many clients share it. */
  describe(): { clients: number; key: SharingKey }[] {
    return [...this.groups.values()].map(({ group, key }) => ({ clients: group.size, key }));
  }

  get counts(): { groups: number; upstreams: number } {
    return { groups: this.groups.size, upstreams: this.upstreams.size };
  }

  close(): void {
    clearInterval(this.ticker);
    this.ticker = undefined;
  }

  private groupFor(ready: Ready, caller: Caller): Group {
    const plan = livePlanOf(ready.prepared);
    const after = requestedCursor(plan, ready.variables);
    const key: SharingKey = {
      document: plan.documentKey,
      variables: stableJson(withoutCursor(plan, ready)),
      viewer: viewerKey(plan, caller.viewer),
      after,
    };
    const id = JSON.stringify([ready.runtime.generation.id, key]);
    const known = this.groups.get(id);
    if (known) return known.group;

    const { engine, settings } = this.options;
    const upstream = this.upstreamFor(plan, ready, key, caller);
    const context = () => engine.contextOf(this.runAs(plan, caller));
    const group: Group = new Group({
      plan,
      replaying: after !== null,
      eventsInFlight: settings.eventsInFlight,
      execute: async (event) => {
        try {
          return await executeEvent(plan, event, !upstream.shared, ready.runtime.services, ready.variables, context(), engine.policy);
        } catch (error) {
          return { data: null, errors: [formatError(error, this.options.log, caller.requestId)] };
        }
      },
      onEmpty: () => {
        this.groups.delete(id);
        this.slowGroups.delete(group);
        groupsOpen.dec();
        upstream.remove(group);
      },
      onSlow: (slow) => this.watch(slow),
    });
    this.groups.set(id, { group, key });
    groupsOpen.inc();
    upstream.add(group);
    return group;
  }

  private upstreamFor(plan: LivePlan, ready: Ready, key: SharingKey, caller: Caller): Upstream {
    const { engine, settings, log } = this.options;
    const variables = upstreamVariables(plan, ready.variables, null);
    const id = JSON.stringify([plan.service, plan.query, stableJson(variables), key.viewer, key.after]);
    let upstream = this.upstreams.get(id);
    if (!upstream) {
      upstream = new Upstream({
        plan,
        variables,
        after: key.after,
        client: ready.runtime.clients.get(plan.service)!,
        context: () => engine.contextOf(this.runAs(plan, caller)),
        settings,
        log,
        onClosed: () => this.upstreams.delete(id),
      });
      this.upstreams.set(id, upstream);
    }
    return upstream;
  }

  /** Shared work runs as the class of viewer, so that nothing of one person can reach another. */
  private runAs(plan: LivePlan, { viewer, requestId }: Caller): Caller {
    return { viewer: plan.personal ? viewer : classViewer(viewer), requestId };
  }

  private admit({ viewer }: Caller): () => void {
    const subject = viewer?.subject?.id;
    if (!subject) return () => undefined;
    const open = this.perViewer.get(subject) ?? 0;
    const allowed = this.options.limits.subscriptionsPerViewer;
    if (open >= allowed) {
      throw new DomainError('TOO_MANY_SUBSCRIPTIONS', `At most ${allowed} subscriptions at a time are allowed.`, {
        limit: 'subscriptionsPerViewer',
        allowed,
      });
    }
    this.perViewer.set(subject, open + 1);
    return () => {
      const left = (this.perViewer.get(subject) ?? 1) - 1;
      if (left > 0) this.perViewer.set(subject, left);
      else this.perViewer.delete(subject);
    };
  }

  private watch(group: Group): void {
    this.slowGroups.add(group);
    this.ticker ??= setInterval(() => {
      for (const slow of this.slowGroups) {
        slow.serveSlow();
        if (!slow.hasSlow) this.slowGroups.delete(slow);
      }
      if (this.slowGroups.size === 0) this.close();
    }, this.options.settings.slowTickMs);
    this.ticker.unref();
  }
}

/** Everything about the viewer that can change the result, and nothing else. */
function viewerKey(plan: LivePlan, viewer: Viewer | null): string {
  if (!viewer) return 'stranger';
  const parts = [viewer.organizationId, viewer.role];
  if (plan.personal && viewer.subject) parts.push(viewer.subject.kind, viewer.subject.id);
  return parts.join('/');
}

/** Declared variables, defaults filled in, without the cursor: a client that comes later wants the same stream. */
function withoutCursor(plan: LivePlan, { prepared, variables }: Ready): Record<string, unknown> {
  const declared: Record<string, unknown> = {};
  for (const { variable } of prepared.operation.variableDefinitions ?? []) {
    const name = variable.name.value;
    if (name !== plan.resume?.clientVariable && variables[name] !== undefined) declared[name] = variables[name];
  }
  return declared;
}
