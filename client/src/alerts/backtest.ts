import { ApplicationRef, Component, computed, DestroyRef, inject, input, signal } from '@angular/core';
import { RouterLink } from '@angular/router';
import { Attempt } from '../core/attempt';
import type { ProfileChoice } from '../core/choices';
import { Clock } from '../core/clock';
import { formatCount, words } from '../core/format';
import { Graph } from '../core/graph';
import type { AlertRuleInput, ConditionInput } from '../core/schema.generated';
import { Instant } from '../ui/instant';
import {
  asFormFault,
  BACKTEST_SPANS,
  outcomeText,
  perDayText,
  questionOf,
  startOf,
  tookText,
  totalOf,
  valueText,
  type BacktestResult,
} from './backtest-text';
import { BacktestAlertRuleDocument, BacktestDevicesDocument, type BacktestDevicesQuery } from './backtest.generated';

/** Enough to see what kind of alerts they are. */
const LISTED = 20;

/** What a rule would have raised on stored readings, saved or not. */
@Component({
  selector: 'pg-backtest',
  imports: [Instant, RouterLink],
  templateUrl: './backtest.html',
  styleUrl: './backtest.css',
})
export class Backtest {
  private readonly graph = inject(Graph);
  private readonly clock = inject(Clock);
  private readonly app = inject(ApplicationRef);
  readonly rule = input.required<AlertRuleInput>();
  readonly profiles = input.required<readonly ProfileChoice[]>();

  protected readonly spans = BACKTEST_SPANS;
  protected readonly days = signal(7);
  protected readonly attempt = new Attempt({
    OPERATION_TOO_COSTLY: 'These are more readings than one test can go through. Choose a shorter time, or fewer devices.',
    SERVICE_UNAVAILABLE: 'The stored readings cannot be reached just now. Try again shortly.',
    RATE_LIMITED: 'Others are testing rules just now. Try again in a moment.',
  });
  private readonly result = signal<BacktestResult | null>(null);
  private readonly devices = signal<ReadonlyMap<string, BacktestDevicesQuery['devices']['nodes'][number]>>(new Map());
  private readonly gone = new AbortController();

  protected readonly shown = computed(() => {
    const result = this.result();
    if (!result) return null;
    const { alertsPerDay, evaluated, durationMs, alerts } = result.found;
    const condition = (JSON.parse(result.asked) as { condition: ConditionInput }).condition;
    const total = totalOf(result);
    const profiles = new Map(this.profiles().map((profile) => [profile.id, profile]));
    return {
      isStale: result.asked !== questionOf(this.rule()),
      total: formatCount(total),
      heading: total > LISTED ? `The first ${LISTED} of them` : 'What they are',
      perDay: perDayText(alertsPerDay),
      evaluated: formatCount(evaluated),
      took: tookText(durationMs),
      first: alerts.slice(0, LISTED).map((alert) => {
        const device = this.devices().get(alert.deviceId);
        const value = valueText(alert.value, condition, profiles.get(device?.profile.id ?? ''));
        return { ...alert, name: device?.name ?? device?.key ?? 'A device', what: words(alert.kind), value };
      }),
    };
  });
  /** Read out as it changes. */
  protected readonly status = computed(() => {
    if (this.attempt.busy()) return 'Going through the stored readings…';
    const result = this.result();
    return result ? outcomeText(result) : '';
  });

  constructor() {
    inject(DestroyRef).onDestroy(() => this.gone.abort());
  }

  protected async run(): Promise<void> {
    const { signal: gone } = this.gone;
    await this.attempt.run(async () => {
      this.result.set(null);
      // Pressing the button may end an edit, which arrives here with the next drawing of the page.
      await this.app.whenStable();
      const rule = this.rule();
      const days = this.days();
      const toMs = this.clock.nowMs();
      // A name is not needed to try a rule out.
      const input = { ...rule, name: rule.name || 'Draft' };
      const variables = { input, from: startOf(days, toMs), to: new Date(toMs).toISOString() };
      const { data } = await this.graph.query(BacktestAlertRuleDocument, variables, gone).catch((error: unknown) => {
        throw asFormFault(error);
      });
      const found = data.backtestAlertRule;
      await this.name(found.alerts.slice(0, LISTED).map(({ deviceId }) => deviceId));
      this.result.set({ asked: questionOf(rule), days, found });
    });
  }

  private async name(deviceIds: readonly string[]): Promise<void> {
    const ids = [...new Set(deviceIds)];
    if (ids.length === 0) return;
    await this.graph.query(BacktestDevicesDocument, { ids }, this.gone.signal).then(
      ({ data }) => this.devices.set(new Map(data.devices.nodes.map((device) => [device.id, device]))),
      () => undefined, // What was found is worth showing without names.
    );
  }
}
