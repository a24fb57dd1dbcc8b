import type { RegistryProjection } from '@pulsegraph/kit/registry';
import type { Pool } from 'pg';
import { matchesFilter } from '../alert/alert-filter.js';
import type { Alert } from '../alert/alert.entity.js';
import type { SilenceFilter } from './silence.entity.js';

interface LiveSilence {
  organization_id: string;
  filter: SilenceFilter;
  starts_at: Date;
  ends_at: Date;
  reason: string;
}

/** What a silence looks at. */
export type Silenceable = Pick<
  Alert,
  'organizationId' | 'severity' | 'kind' | 'deviceId' | 'deviceKey' | 'deviceName' | 'assetId' | 'patientId' | 'ruleId' | 'message'
>;

/** Silences of every organization that hold now or will, in memory: whether one matches is asked whenever an alert is raised. */
export class SilenceBook {
  private silences: LiveSilence[] = [];

  constructor(
    private readonly pool: Pool,
    private readonly registry: RegistryProjection,
    private readonly clock: () => number,
  ) {}

  async refresh(): Promise<void> {
    const { rows } = await this.pool.query<LiveSilence>(
      `select organization_id, filter, starts_at, ends_at, reason from silence where ends_at > to_timestamp($1::double precision / 1000)`,
      [this.clock()],
    );
    this.silences = rows;
  }

  /** Organizations in which something may be silenced now. */
  activeOrganizations(): string[] {
    return [...new Set(this.active().map(({ organization_id }) => organization_id))];
  }

  /** Why it is silenced; undefined when it is not. */
  reasonFor(alert: Silenceable): string | undefined {
    return this.active().find(
      ({ organization_id, filter }) => organization_id === alert.organizationId && matchesSilence(filter, alert, this.registry),
    )?.reason;
  }

  private active(): LiveSilence[] {
    const nowMs = this.clock();
    return this.silences.filter(({ starts_at, ends_at }) => starts_at.getTime() <= nowMs && ends_at.getTime() > nowMs);
  }
}

function matchesSilence(filter: SilenceFilter, alert: Silenceable, registry: RegistryProjection): boolean {
  return matchesFilter(filter, alert, { status: 'TRIGGERED', severity: alert.severity }, registry);
}
