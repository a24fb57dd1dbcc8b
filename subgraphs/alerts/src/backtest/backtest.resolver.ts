import { Requires } from '@pulsegraph/kit/subgraph';
import { requireViewer } from '@pulsegraph/kit/viewer';
import { Arg, Ctx, Query, Resolver } from 'type-graphql';
import { AlertRuleInput } from '../alert-rule/alert-rule.input.js';
import type { AlertsContext } from '../context.js';
import type { BacktestService } from './backtest.service.js';
import { Backtest } from './backtest.type.js';

const MAX_LISTED = 1_000;
const dateOf = (us: number) => new Date(us / 1_000);

@Resolver()
export class BacktestResolver {
  constructor(private readonly service: BacktestService) {}

  @Requires('rules:write')
  @Query(() => Backtest, { description: 'What the rule would have raised on stored readings; changes nothing.' })
  async backtestAlertRule(
    @Arg('input', () => AlertRuleInput) input: AlertRuleInput,
    @Arg('from') from: Date,
    @Arg('to') to: Date,
    @Ctx() { viewer }: AlertsContext,
  ): Promise<Backtest> {
    const { alerts, ...rest } = await this.service.run(requireViewer(viewer), input, from, to);
    return {
      ...rest,
      alerts: alerts.slice(0, MAX_LISTED).map(({ deviceId, kind, startedAtUs, resolvedAtUs, value }) => ({
        deviceId,
        kind,
        startedAt: dateOf(startedAtUs),
        resolvedAt: resolvedAtUs === null ? null : dateOf(resolvedAtUs),
        value,
      })),
    };
  }
}
