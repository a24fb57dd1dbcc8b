import type { LogRecord, ProfileEntry, RegistryChange } from '@pulsegraph/contracts';
import type { LogEntry } from '@pulsegraph/kit/event-log';
import type { Log } from '@pulsegraph/kit/log';
import type { RegistryProjection } from '@pulsegraph/kit/registry';
import type { ChangePublisher } from '../change/change-publisher.js';
import type { Clock } from './clock.js';
import type { LabelIntake } from './label-intake.js';
import { Presence, type SilenceLimits } from './presence.js';
import type { PresenceRepository, StoredPresence, WantedTransition } from './presence.repository.js';

export interface ConnectivityOptions {
  repository: PresenceRepository;
  registry: RegistryProjection;
  publisher: ChangePublisher;
  labels: LabelIntake;
  /** Records of the log that wait for this consumer. */
  backlog: () => Promise<number>;
  clock: Clock;
  log: Log;
}

/** Transitions leave within this. */
const TICK_MS = 250;
/** lastSeenAt of devices that stay online is written this often. */
const TOUCH_MS = 1_000;
/** What one statement writes; the rest follows with the next. */
const MAX_TOUCHES = 5_000;
const MAX_TRANSITIONS = 1_000;
/** Without a batch for this long the consumer is idle, or stuck. */
const IDLE_MS = 2_000;
/** A device that nobody knows, or that is not accepted yet, is remembered this long. */
const PATIENCE_MS = 60_000;
const MAX_STRANGERS = 10_000;

/**
 * Who is there. Every record of the log passes through `handle`, which only touches maps; a tick writes what changed and
 * looks at the clock, so that a device which falls silent goes offline without any message.
 */
export class ConnectivityService {
  private readonly devices = new Map<string, Presence>();
  private readonly heard = new Set<Presence>();
  /** Messages of devices that the registry has not told us of yet: the newest of each. */
  private readonly strangers = new Map<string, LogRecord>();
  /** Something heard may be a transition: do not wait for the next write of lastSeenAt. */
  private urgent = false;
  private nextDeadlineMs = 0;
  private touchedAtMs = -Infinity;
  private lastBatch = { handledAtMs: -Infinity, lagMs: 0 };
  private readonly ends: (() => Promise<void> | void)[] = [];

  constructor(private readonly options: ConnectivityOptions) {}

  /** Call when the registry is ready, and before the first batch. */
  async start(): Promise<void> {
    const { registry, repository, clock } = this.options;
    this.ends.push(registry.onChange((changes, snapshot) => this.learn(changes, snapshot)));
    const stored = await repository.all();
    for (const organization of registry.organizations()) {
      for (const { id } of registry.devicesOf(organization.id)) this.refresh(id);
    }
    for (const row of stored) {
      const presence = this.devices.get(row.deviceId);
      if (presence) adopt(presence, row);
    }
    this.options.labels.start();
    this.ends.push(() => this.options.labels.stop());
    this.ends.push(clock.every(TICK_MS, async () => void (await this.tick())));
  }

  async stop(): Promise<void> {
    for (const end of this.ends.splice(0)) await end();
    this.touchedAtMs = -Infinity;
    for (let rounds = Math.ceil(this.heard.size / MAX_TOUCHES); rounds > 0; rounds--) if (!(await this.tick())) break;
  }

  /** The consumer of the event log. Returns at once: losing a moment of presence in a crash costs less than a write per batch. */
  readonly handle = (batch: readonly LogEntry[]): Promise<void> => {
    let newestMs = -Infinity;
    for (const { record } of batch) {
      if (record.type === 'rejection') continue;
      newestMs = Math.max(newestMs, record.receivedAtUs / 1_000);
      const presence = this.devices.get(record.deviceId);
      if (!presence) {
        if (this.strangers.size < MAX_STRANGERS) this.strangers.set(record.deviceId, record);
        continue;
      }
      presence.hear(record);
      this.heard.add(presence);
      const isLabels = record.type === 'device-event' && record.event === 'labels';
      if (isLabels) this.options.labels.hear(record);
      if (presence.connectivity !== 'ONLINE' || (record.type === 'device-event' && !isLabels)) this.urgent = true;
    }
    const handledAtMs = this.options.clock.now();
    if (newestMs > -Infinity) this.lastBatch = { handledAtMs, lagMs: Math.max(0, handledAtMs - newestMs) };
    return Promise.resolve();
  };

  /** @returns False when writing failed; what was not written is kept and tried again. */
  async tick(): Promise<boolean> {
    const nowMs = this.options.clock.now();
    const isTouchDue = this.heard.size > 0 && nowMs - this.touchedAtMs >= TOUCH_MS;
    if (!isTouchDue && !this.urgent && nowMs < this.nextDeadlineMs) return true;
    const heard = [...this.heard].slice(0, MAX_TOUCHES);
    for (const presence of heard) this.heard.delete(presence);
    this.urgent = this.heard.size > 0;
    try {
      const wanted = heardTransitions(heard, nowMs);
      const moving = new Set(wanted.map(({ presence }) => presence));
      wanted.push(...(await this.silent(nowMs)).filter(({ presence }) => !moving.has(presence)));
      await this.options.repository.touch(heard.filter((presence) => !moving.has(presence)));
      for (let from = 0; from < wanted.length; from += MAX_TRANSITIONS) {
        await this.transition(wanted.slice(from, from + MAX_TRANSITIONS), nowMs);
      }
      this.touchedAtMs = nowMs;
      return true;
    } catch (error) {
      for (const presence of heard) this.heard.add(presence);
      this.nextDeadlineMs = 0;
      this.options.log.warn({ err: error }, 'Presence could not be written; it is kept and tried again');
      return false;
    } finally {
      this.forgetStrangers(nowMs);
    }
  }

  private async transition(wanted: readonly WantedTransition[], nowMs: number): Promise<void> {
    const { repository, publisher } = this.options;
    const { rows, ...committed } = await repository.transition(wanted, new Date(nowMs));
    publisher.publish(committed);
    const stored = new Map(rows.map((row) => [row.deviceId, row]));
    for (const { presence, onlyIfNotSeenSinceMs } of wanted) {
      const row = stored.get(presence.deviceId);
      if (row) adopt(presence, row);
      else if (onlyIfNotSeenSinceMs === undefined && nowMs - (presence.lastSeenAtMs ?? 0) < PATIENCE_MS) this.heard.add(presence);
      this.nextDeadlineMs = Math.min(this.nextDeadlineMs, presence.deadlineMs);
    }
  }

  /** Devices that have been silent for too long, by the time up to which we have listened. */
  private async silent(nowMs: number): Promise<WantedTransition[]> {
    if (nowMs < this.nextDeadlineMs) return [];
    const isIdle = nowMs - this.lastBatch.handledAtMs > IDLE_MS;
    const listenedUntilMs = isIdle ? nowMs : nowMs - this.lastBatch.lagMs;
    const silent: Presence[] = [];
    this.nextDeadlineMs = Infinity;
    for (const presence of this.devices.values()) {
      if (presence.deadlineMs < listenedUntilMs) silent.push(presence);
      else this.nextDeadlineMs = Math.min(this.nextDeadlineMs, presence.deadlineMs);
    }
    if (silent.length === 0) return [];
    if (isIdle && (await this.options.backlog()) > 0) {
      // Nothing handled for a while although something waits: the silence is ours.
      this.nextDeadlineMs = 0;
      return [];
    }
    return silent.map((presence) => ({ presence, to: 'OFFLINE', onlyIfNotSeenSinceMs: listenedUntilMs - presence.silenceLimitMs }));
  }

  private learn(changes: readonly RegistryChange[], snapshot: boolean): void {
    const { registry } = this.options;
    for (const change of changes) {
      if (change.kind === 'device' || change.kind === 'connectivity') this.refresh(change.id);
      if (change.kind === 'profile') {
        for (const device of registry.devicesOf(change.organizationId)) if (device.profileId === change.id) this.refresh(device.id);
      }
    }
    if (snapshot) for (const id of this.devices.keys()) this.refresh(id);
  }

  /** What the registry says now: limits, and transitions that other instances made. */
  private refresh(deviceId: string): void {
    const { registry, clock } = this.options;
    const device = registry.device(deviceId);
    if (device?.lifecycle !== 'ACTIVE') {
      const presence = this.devices.get(deviceId);
      if (presence) this.heard.delete(presence);
      this.devices.delete(deviceId);
      return;
    }
    const limits = limitsOf(registry.profile(device.profileId));
    let presence = this.devices.get(deviceId);
    if (!presence) {
      presence = new Presence(deviceId, limits, clock.now());
      this.devices.set(deviceId, presence);
    }
    presence.limits = limits;
    const known = registry.connectivity(deviceId);
    if (known) {
      presence.connectivity = known.connectivity;
      presence.graceFromMs = Math.max(presence.graceFromMs, known.sinceMs);
    }
    this.nextDeadlineMs = Math.min(this.nextDeadlineMs, presence.deadlineMs);
    const message = this.strangers.get(deviceId);
    if (!message) return;
    this.strangers.delete(deviceId);
    presence.hear(message);
    this.heard.add(presence);
    this.urgent = true;
  }

  private forgetStrangers(nowMs: number): void {
    for (const [deviceId, { receivedAtUs }] of this.strangers) {
      if (nowMs - receivedAtUs / 1_000 > PATIENCE_MS) this.strangers.delete(deviceId);
    }
  }
}

function heardTransitions(heard: readonly Presence[], nowMs: number): WantedTransition[] {
  return heard.flatMap((presence) => {
    const to = presence.heardConnectivity(nowMs);
    return to === presence.connectivity ? [] : [{ presence, to }];
  });
}

/** Takes over what another instance, or an earlier run, has written. */
function adopt(presence: Presence, { connectivity, lastSeenAtMs, status }: StoredPresence): void {
  presence.connectivity = connectivity;
  if (lastSeenAtMs !== null && lastSeenAtMs > (presence.lastSeenAtMs ?? -Infinity)) presence.lastSeenAtMs = lastSeenAtMs;
  if (status && status.atMs > (presence.status?.atMs ?? -Infinity)) presence.status = status;
}

function limitsOf(profile: ProfileEntry | undefined): SilenceLimits {
  const intervals = profile?.metrics.map(({ expectedIntervalMs }) => expectedIntervalMs) ?? [];
  return {
    // The profile arrives with its device in the feed; until it does, nothing is judged silent.
    offlineAfterMs: profile?.offlineAfterMs ?? Infinity,
    shortestExpectedIntervalMs: intervals.length > 0 ? Math.min(...intervals) : null,
  };
}
