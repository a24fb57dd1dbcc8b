import type { Viewer } from '@pulsegraph/contracts';
import { DomainError } from '@pulsegraph/kit/errors';
import type { Log } from '@pulsegraph/kit/log';
import { classViewer } from '../identity/identity.js';
import type { GatewayLimits } from '../limits/limits.js';
import { groupsOpen, liveEnded, liveOpen, liveStarted } from '../metrics.js';
import type { GraphQLFormattedError } from 'graphql';
import type { Caller, Engine, Runtime } from '../operation/engine.js';
import { stableJson } from '../operation/stable-json.js';
import { Family, type Ready } from './family.js';
import type { Group } from './group.js';
import type { Member, MemberHome } from './member.js';
import { livePlanOf, requestedCursor, type LivePlan } from './live-plan.js';
import type { LiveSettings } from './live-settings.js';
import type { EndReason, LiveSink } from './live-sink.js';
import { UpstreamPool } from './upstream-pool.js';

/** A client's open subscription. */
export interface LiveOperation {
  /** Lets go without a word to the client. */
  stop(reason: EndReason): void;
  /** The caller's organization, role or person has changed: the operation goes on as what the caller is now. */
  changeViewer(viewer: Viewer | null): void;
}

export interface LiveEngineOptions {
  engine: Engine;
  settings: LiveSettings;
  limits: GatewayLimits;
  log: Log;
}

/** Open operations of one client that are the same text. */
export interface OpenByText {
  text: string;
  operationName: string | undefined;
  client: string;
  clientVersion: string;
  count: number;
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
  private readonly families = new Map<string, { family: Family; key: Omit<SharingKey, 'after'> }>();
  private readonly pool: UpstreamPool;
  private readonly perViewer = new Map<string, number>();
  private readonly openByText = new Map<string, OpenByText>();
  private readonly slowGroups = new Set<Group>();
  private groups = 0;
  private ticker: NodeJS.Timeout | undefined;
  private migrating: Promise<void> = Promise.resolve();

  constructor(private readonly options: LiveEngineOptions) {
    this.pool = new UpstreamPool(options.settings, options.log);
    options.engine.onReload((runtime) => {
      this.migrating = this.migrating.then(() => this.migrate(runtime));
    });
  }

  /**
   * @param after The last cursor that the client has, where it does not stand in the operation itself.
   * @throws DomainError TOO_MANY_SUBSCRIPTIONS. What a subgraph says to the subscription comes through the sink.
   */
  open(ready: Ready, caller: Caller, sink: LiveSink, onEnded: (reason: EndReason) => void, after?: string): LiveOperation {
    const release = this.admit(caller);
    const close = this.countOpen(ready, caller);
    this.options.engine.used(ready.prepared, caller, 0, false);
    liveStarted.inc();
    liveOpen.inc();
    let ended = false;
    const finish = (reason: EndReason) => {
      if (ended) return;
      ended = true;
      release();
      close();
      liveOpen.dec();
      liveEnded.inc({ reason });
    };
    let group: MemberHome;
    const member: Member = {
      sink,
      cursor: null,
      movedTo: (next) => (group = next),
      onEnded: (reason) => {
        finish(reason);
        onEnded(reason);
      },
    };
    let { viewer } = caller;
    const plan = livePlanOf(ready.prepared);
    member.cursor = plan.resume ? (after ?? requestedCursor(plan, ready.variables)) : null;
    group = this.familyFor(ready, caller).join(member, member.cursor);
    return {
      stop: (reason) => {
        if (ended) return;
        finish(reason);
        group.leave(member);
      },
      changeViewer: (next) => {
        const current = group.plan;
        if (ended || viewerKey(current, next) === viewerKey(current, viewer)) return;
        const sameOrganization = next?.organizationId === viewer?.organizationId;
        viewer = next;
        const before = group;
        before.leave(member);
        member.has = undefined;
        // A cursor is of one organization.
        if (!sameOrganization) member.cursor = null;
        group = this.familyFor(this.currentReady(ready), { ...caller, viewer }).join(member, member.cursor);
      },
    };
  }

  /** Open groups with what makes each of them itself, and how many clients share it. */
  describe(): { clients: number; key: SharingKey }[] {
    return [...this.families.values()].flatMap(({ family, key }) =>
      [...family.groups].map((group) => ({ clients: group.size, key: { ...key, after: group.startedAfter } })),
    );
  }

  get counts(): { groups: number; upstreams: number } {
    return { groups: this.groups, upstreams: this.pool.size };
  }

  /** What is open, for whom: the registry asks what a new supergraph would do to it. */
  openOperations(): Iterable<Readonly<OpenByText>> {
    return this.openByText.values();
  }

  private countOpen({ prepared }: Ready, { clientName = 'unknown', clientVersion = 'unknown' }: Caller): () => void {
    const { text, operationName } = prepared;
    const key = [clientName, clientVersion, operationName ?? '', text].join('\n');
    const open = this.openByText.get(key) ?? { text, operationName, client: clientName, clientVersion, count: 0 };
    this.openByText.set(key, open);
    open.count += 1;
    return () => {
      open.count -= 1;
      if (open.count === 0) this.openByText.delete(key);
    };
  }

  /** Resolves when open operations have gone over to the newest supergraph. */
  settled(): Promise<void> {
    return this.migrating;
  }

  close(): void {
    clearInterval(this.ticker);
    this.ticker = undefined;
  }

  private familyFor(ready: Ready, caller: Caller): Family {
    const plan = livePlanOf(ready.prepared);
    const key = { document: plan.documentKey, variables: stableJson(withoutCursor(plan, ready)), viewer: viewerKey(plan, caller.viewer) };
    const id = JSON.stringify(key);
    const known = this.families.get(id);
    if (known) return known.family;
    const { engine, settings } = this.options;
    const family = new Family({
      ready,
      // Shared work runs as the class of viewer, so that nothing of one person can reach another.
      runAs: { viewer: plan.personal ? caller.viewer : classViewer(caller.viewer), requestId: caller.requestId },
      viewerKey: key.viewer,
      engine,
      pool: this.pool,
      settings,
      onEmpty: () => this.families.delete(id),
      onSlow: (group) => this.watch(group),
      onGroups: (change) => {
        this.groups += change;
        groupsOpen.inc(change);
      },
    });
    this.families.set(id, { family, key });
    return family;
  }

  /** The operation on the newest supergraph, or as it was where it is no longer valid: its family will say so. */
  private currentReady(ready: Ready): Ready {
    try {
      return this.options.engine.prepare(requestOf(ready), { viewer: null, requestId: 'migration' });
    } catch {
      return ready;
    }
  }

  /** Takes every open operation to a new supergraph, a few at a time so that events go on flowing. */
  private async migrate(runtime: Runtime): Promise<void> {
    const { engine, log } = this.options;
    const changes: Promise<void>[] = [];
    let counted = 0;
    for (const { family } of [...this.families.values()]) {
      if (engine.current !== runtime) break; // a newer one has come meanwhile
      if ((counted += 1) % FAMILIES_PER_TURN === 0) await new Promise((resolve) => setImmediate(resolve));
      let ready: Ready;
      try {
        ready = engine.prepare(requestOf(family.ready), { viewer: null, requestId: 'migration' }, true);
        const personal = livePlanOf(ready.prepared).personal;
        if (personal !== livePlanOf(family.ready.prepared).personal)
          throw new DomainError('SERVICE_UNAVAILABLE', 'The schema has changed. Subscribe again.', { retryAfterMs: 0 });
      } catch (error) {
        family.end(noLongerValid(engine.refusal(error, { viewer: null, requestId: 'migration' })), 'schema_changed');
        continue;
      }
      changes.push(
        family
          .migrate(ready)
          .catch((error: unknown) => log.error({ err: error }, 'An open operation could not be taken to the new supergraph')),
      );
    }
    await Promise.all(changes);
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

const FAMILIES_PER_TURN = 50;

const requestOf = ({ prepared, variables }: Ready) => ({ query: prepared.text, operationName: prepared.operationName, variables });

/** One error on its own, with what the new schema says to the operation. */
function noLongerValid(reasons: readonly GraphQLFormattedError[]): GraphQLFormattedError[] {
  if (reasons[0]?.extensions?.code === 'SERVICE_UNAVAILABLE') return [...reasons];
  const message = 'The schema has changed, and this operation no longer fits it.';
  return [{ message, extensions: { code: 'OPERATION_NO_LONGER_VALID', reasons: reasons.map((reason) => reason.message) } }];
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
