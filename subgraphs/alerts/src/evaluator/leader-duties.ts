import type { RegistryChange } from '@pulsegraph/contracts';
import type { RegistryProjection } from '@pulsegraph/kit/registry';
import type { Pool } from 'pg';
import { devicesOf } from '../alert-rule/rule-target.js';
import type { SilenceBook } from '../silence/silence-book.js';
import type { Announcer } from '../announce.js';
import type { Evaluator } from './evaluator.js';
import type { LiveRule } from './live-rule.js';
import { syncProfileRules } from './profile-rule.sync.js';
import { pruneAlerts, pruneChanges } from './prune.js';
import { escalateAlerts } from './escalate.js';
import { muteAlerts } from './mute.js';
import { reconcile } from './reconcile.js';
import type { RuleBook } from './rule-book.js';
import { keepWatch } from './watch-gap.js';
import type { StateStore } from './state.store.js';

export interface DutyOptions {
  pool: Pool;
  rules: RuleBook;
  states: StateStore;
  registry: RegistryProjection;
  evaluator: Evaluator;
  announcer: Announcer;
  clock: () => number;
  silences: SilenceBook;
  escalateAfterMs: number;
  replayWindowMs: number;
  alertRetentionMs: number;
}

const DUE_LIMIT = 1_000;
const WATCHED_EVERY_MS = 2_000;
const PRUNE_EVERY_MS = 60_000;
/** Assignments begin and end by the clock too. */
const RECONCILE_EVERY_MS = 30_000;

interface PairId {
  ruleId: string;
  deviceId: string;
}

/** What one evaluator does for all: rules from profiles, connectivity, silence, muting, escalation, and ending what no longer applies. */
export class LeaderDuties {
  private profilesChanged = true;
  private targetsChanged = true;
  private readonly connectivityChanged = new Set<string>();
  private watchedAtMs = 0;
  private prunedAtMs = 0;
  private reconciledAtMs = 0;

  constructor(private readonly options: DutyOptions) {}

  /** Leadership was gained: nothing is taken for done. */
  begin(): void {
    this.profilesChanged = this.targetsChanged = true;
  }

  onRulesChange(): void {
    this.targetsChanged = true;
  }

  onRegistryChange(changes: readonly RegistryChange[], snapshot: boolean): void {
    if (snapshot) this.profilesChanged = this.targetsChanged = true;
    for (const { kind, id } of changes) {
      if (kind === 'connectivity') this.connectivityChanged.add(id);
      else if (kind === 'profile' || kind === 'organization') this.profilesChanged = this.targetsChanged = true;
      else if (kind === 'device' || kind === 'asset' || kind === 'assignment') this.targetsChanged = true;
    }
  }

  async run(): Promise<void> {
    const { pool, registry, rules, announcer, clock, evaluator } = this.options;
    if (!registry.ready) return;
    const nowMs = clock();
    if (Math.abs(nowMs - this.watchedAtMs) >= WATCHED_EVERY_MS) {
      await keepWatch(pool, nowMs);
      this.watchedAtMs = nowMs;
    }
    if (this.profilesChanged) {
      this.profilesChanged = false;
      await this.orAgain('profilesChanged', async () => {
        if (await syncProfileRules(pool, registry)) announcer.rules();
      });
    }
    if (this.targetsChanged || nowMs - this.reconciledAtMs >= RECONCILE_EVERY_MS) {
      this.targetsChanged = false;
      await this.orAgain('targetsChanged', async () => {
        await evaluator.refit(await reconcile({ pool, rules, registry, announcer, clock }));
        await this.beginSilences();
        await this.evaluateConnectivity(null);
      });
      this.connectivityChanged.clear();
      this.reconciledAtMs = nowMs;
    }
    await this.evaluateConnectivity(this.connectivityChanged);
    await this.evaluateSilences(nowMs);
    await muteAlerts(this.options);
    await escalateAlerts(pool, nowMs, this.options.escalateAfterMs, announcer);
    if (nowMs - this.prunedAtMs >= PRUNE_EVERY_MS) await this.prune(nowMs);
  }

  private async orAgain(flag: 'profilesChanged' | 'targetsChanged', work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this[flag] = true;
      throw error;
    }
  }

  /** Devices that were silent all the while that a rule about silence exists have no state yet. */
  private async beginSilences(): Promise<void> {
    const pairs = this.pairsOf((rule) => rule.node.silences.length > 0);
    const stored = new Set((await this.options.states.ofPairs(pairs)).map(({ rule_id, device_id }) => `${rule_id}/${device_id}`));
    const missing = pairs.filter(({ ruleId, deviceId }) => !stored.has(`${ruleId}/${deviceId}`));
    if (missing.length > 0) await this.options.evaluator.evaluateNow(missing, { store: true });
  }

  /** @param changed The devices to look at; null for all. */
  private async evaluateConnectivity(changed: Set<string> | null): Promise<void> {
    if (changed?.size === 0) return;
    const only = changed && new Set(changed);
    changed?.clear();
    const pairs = this.pairsOf((rule) => rule.node.usesConnectivity, only);
    if (pairs.length > 0) await this.options.evaluator.evaluateNow(pairs);
  }

  private async evaluateSilences(nowMs: number): Promise<void> {
    const { states, evaluator } = this.options;
    const due = await states.due(nowMs, DUE_LIMIT);
    if (due.length > 0) await evaluator.evaluateNow(due.map(({ rule_id, device_id }) => ({ ruleId: rule_id, deviceId: device_id })));
  }

  private async prune(nowMs: number): Promise<void> {
    this.prunedAtMs = nowMs;
    await pruneChanges(this.options.pool, nowMs - this.options.replayWindowMs);
    await pruneAlerts(this.options.pool, nowMs - this.options.alertRetentionMs);
  }

  private pairsOf(wanted: (rule: LiveRule) => boolean, deviceIds: ReadonlySet<string> | null = null): PairId[] {
    const { rules, registry, clock } = this.options;
    if (deviceIds) {
      return [...deviceIds].flatMap((deviceId) => {
        const device = registry.device(deviceId);
        return device
          ? rules
              .rulesFor(device, clock())
              .filter(wanted)
              .map(({ id }) => ({ ruleId: id, deviceId }))
          : [];
      });
    }
    return [...rules.all()]
      .filter(wanted)
      .flatMap((rule) =>
        [...devicesOf(rule.target, rule.organizationId, registry, clock())].map(({ id }) => ({ ruleId: rule.id, deviceId: id })),
      );
  }
}
