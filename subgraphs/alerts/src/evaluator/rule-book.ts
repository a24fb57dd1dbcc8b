import type { DeviceEntry } from '@pulsegraph/contracts';
import type { Log } from '@pulsegraph/kit/log';
import type { RegistryProjection } from '@pulsegraph/kit/registry';
import type { Pool } from 'pg';
import { isTarget } from '../alert-rule/rule-target.js';
import { compileRule, type LiveRule, type RuleRow } from './live-rule.js';

interface OrganizationRules {
  byDevice: Map<string, LiveRule[]>;
  byProfile: Map<string, LiveRule[]>;
  /** Targets by asset or label alone: asked one by one. */
  rest: LiveRule[];
}

/** Every enabled rule of every organization, compiled and found by device. Follows the table by its revision. */
export class RuleBook {
  private readonly rules = new Map<string, LiveRule>();
  private index = new Map<string, OrganizationRules>();
  private revision = '0';
  /** Rules that could not even be compiled, with the reason. */
  readonly broken = new Map<string, { organizationId: string; error: string }>();

  constructor(
    private readonly pool: Pool,
    private readonly registry: RegistryProjection,
    private readonly log: Log,
  ) {}

  get size(): number {
    return this.rules.size;
  }

  all(): Iterable<LiveRule> {
    return this.rules.values();
  }

  get(id: string): LiveRule | undefined {
    return this.rules.get(id);
  }

  /** Reads what changed since the last time. @returns The organizations it concerns. */
  async refresh(): Promise<Set<string>> {
    const { rows } = await this.pool.query<RuleRow>(
      `select id, organization_id, enabled, deleted_at is not null as deleted, target, condition, severity, version, armed, revision
       from alert_rule where revision > $1 order by revision`,
      [this.revision],
    );
    for (const row of rows) this.apply(row);
    if (rows.length > 0) this.rebuildIndex();
    return new Set(rows.map((row) => row.organization_id));
  }

  /** The enabled rules whose target the device is now. */
  rulesFor(device: DeviceEntry, nowMs: number): LiveRule[] {
    const rules = this.index.get(device.organizationId);
    if (!rules) return [];
    const candidates = [...(rules.byDevice.get(device.id) ?? []), ...(rules.byProfile.get(device.profileId) ?? []), ...rules.rest];
    return candidates.filter(({ target }) => isTarget(target, device, this.registry, nowMs));
  }

  private apply(row: RuleRow): void {
    this.revision = row.revision;
    this.rules.delete(row.id);
    this.broken.delete(row.id);
    if (!row.enabled || row.deleted) return;
    try {
      this.rules.set(row.id, compileRule(row));
    } catch (error) {
      this.log.error({ err: error, ruleId: row.id }, 'A rule cannot be evaluated');
      this.broken.set(row.id, { organizationId: row.organization_id, error: error instanceof Error ? error.message : String(error) });
    }
  }

  private rebuildIndex(): void {
    this.index = new Map();
    for (const rule of this.rules.values()) {
      let rules = this.index.get(rule.organizationId);
      if (!rules) this.index.set(rule.organizationId, (rules = { byDevice: new Map(), byProfile: new Map(), rest: [] }));
      const { deviceIds, profileId } = rule.target;
      if (deviceIds) for (const id of deviceIds) push(rules.byDevice, id, rule);
      else if (profileId) push(rules.byProfile, profileId, rule);
      else rules.rest.push(rule);
    }
  }
}

function push<T>(lists: Map<string, T[]>, key: string, item: T): void {
  const list = lists.get(key);
  if (list) list.push(item);
  else lists.set(key, [item]);
}
