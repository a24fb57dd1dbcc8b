import type { AlertTransition } from '@pulsegraph/contracts';
import type { RegistryProjection } from '@pulsegraph/kit/registry';
import type { Pool } from 'pg';
import { recordTransitions } from '../alert-change/record-transitions.js';
import { describeEvidence, unitOf } from '../alert-rule/summary.js';
import type { Announcer } from '../announce.js';
import type { Verdict } from '../evaluation/index.js';
import { groupBy } from '../group-by.js';
import type { SilenceBook } from '../silence/silence-book.js';
import { inTransaction, type Sql } from '../sql.js';
import { applyVerdicts, type AlertAction, type Handling } from './alert.writer.js';
import { pairKey, type Pair } from './device-watch.js';
import { silenceOf } from './pair-tick.js';
import type { StateStore } from './state.store.js';

/** A pair whose state must be stored, with what people must hear of, oldest first. */
export interface Unsaved {
  pair: Pair;
  verdicts: Verdict[];
  /** The log entry that caused it. */
  place: { partition: number; position: string } | null;
}

export interface SaverOptions extends Handling {
  pool: Pool;
  states: StateStore;
  registry: RegistryProjection;
  announcer: Announcer;
  clock: () => number;
  silences: SilenceBook;
}

/** Stores states, alerts, history and changes of one organization in one transaction. */
export class VerdictSaver {
  constructor(private readonly options: SaverOptions) {}

  /** @returns Pairs that another evaluator has changed meanwhile: nothing of theirs was stored. */
  async save(unsaved: readonly Unsaved[]): Promise<Pair[]> {
    const conflicts: Pair[] = [];
    for (const [organizationId, items] of groupBy(unsaved, ({ pair }) => pair.rule.organizationId)) {
      conflicts.push(...(await this.saveOrganization(organizationId, items)));
    }
    return conflicts;
  }

  private async saveOrganization(organizationId: string, items: readonly Unsaved[]): Promise<Pair[]> {
    const { pool, registry, clock, announcer } = this.options;
    const nowMs = clock();
    const silences = new Map(items.map(({ pair }) => [pair, silenceOf(pair, registry, nowMs)]));
    const { stored, seq, transitions } = await inTransaction(pool, async (sql) => {
      // Rules first, as whoever edits one does, so that neither waits for the other.
      await sql('select id from alert_rule where id = any($1) order by id for share', [
        [...new Set(items.map(({ pair }) => pair.rule.id))],
      ]);
      const keys = await this.saveStates(sql, items, silences);
      const kept = items.filter(({ pair }) => keys.has(keyOf(pair)));
      const kinds: AlertTransition[] = [];
      let newest = 0;
      // A pair may have raised and resolved within one batch: each step of its history is one round.
      for (let round = 0; kept.some(({ verdicts }) => verdicts.length > round); round++) {
        const actions = kept.flatMap(({ pair, verdicts }) => (verdicts[round] ? [this.actionOf(pair, verdicts[round]!)] : []));
        // A millisecond apart, so that what followed each other is listed so.
        const done = await applyVerdicts(sql, actions, nowMs + round, this.options);
        if (done.length > 0) newest = await recordTransitions(sql, organizationId, nowMs + round, done);
        kinds.push(...done.map(({ transition }) => transition));
      }
      return { stored: keys, seq: newest, transitions: kinds };
    });
    for (const { pair } of items) {
      if (stored.has(keyOf(pair))) Object.assign(pair, silences.get(pair), { version: pair.version + 1 });
    }
    if (transitions.length > 0) announcer.changes(organizationId, seq, transitions);
    return items.filter(({ pair }) => !stored.has(keyOf(pair))).map(({ pair }) => pair);
  }

  private async saveStates(
    sql: Sql,
    items: readonly Unsaved[],
    silences: ReadonlyMap<Pair, ReturnType<typeof silenceOf>>,
  ): Promise<Set<string>> {
    const stored = await this.options.states.save(
      sql,
      items.map(({ pair, place }) => ({
        rule_id: pair.rule.id,
        device_id: pair.device.entry.id,
        organization_id: pair.rule.organizationId,
        version: pair.version,
        shape: pair.rule.shape,
        state: pair.state,
        last_at_us: pair.device.lastAtUs(pair),
        heard: pair.rule.node.silences.length > 0 ? silences.get(pair)!.heardUs : null,
        unwatched_us: silences.get(pair)!.unwatchedUs,
        due_at_ms: silences.get(pair)!.dueAtMs,
        log_partition: place?.partition ?? null,
        log_position: place?.position ?? null,
      })),
    );
    return new Set(stored.map(({ rule_id, device_id }) => pairKey(rule_id, device_id)));
  }

  private actionOf({ rule, device: { entry } }: Pair, verdict: Verdict): AlertAction {
    const { registry, silences } = this.options;
    const startedAtMs = verdict.startedAtUs / 1_000;
    const lookup = (metric: string) => registry.metric(entry, metric);
    const about = {
      ruleId: rule.id,
      deviceId: entry.id,
      deviceKey: entry.key,
      deviceName: entry.name,
      assetId: registry.assetOf(entry.id, startedAtMs),
      patientId: registry.patientOf(entry.id, startedAtMs),
      message: describeEvidence(verdict, rule.condition, lookup),
    };
    const { organizationId, severity } = rule;
    const silenced = silences.reasonFor({ ...about, organizationId, severity, kind: verdict.kind }) !== undefined;
    return { ...verdict, ...about, unit: unitOf(verdict, lookup), silenced };
  }
}

const keyOf = ({ rule, device }: Pair) => pairKey(rule.id, device.entry.id);
