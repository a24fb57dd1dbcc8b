import { decodeReadingFrames, type DeviceEntry, type ReadingFrame, type Viewer } from '@pulsegraph/contracts';
import { DomainError, errors } from '@pulsegraph/kit/errors';
import type { RegistryProjection } from '@pulsegraph/kit/registry';
import { parseRule } from '../alert-rule/rule.rules.js';
import { devicesOf } from '../alert-rule/rule-target.js';
import { createNode, type ConditionNode } from '../evaluation/index.js';
import { freshUsOf, missingAfterUsOf, spo2ScaleOf } from '../evaluator/surroundings.js';
import { checkSpan, DAY_MS } from '../span.js';
import { feedFrame, feedMerged } from './device-readings.js';
import type { ReadingHistorySource } from './reading-history.js';
import { Replay, type ReplayedAlert } from './replay.js';

export interface BacktestOutcome {
  evaluated: number;
  alerts: (ReplayedAlert & { deviceId: string })[];
  alertsPerDay: number;
  durationMs: number;
}

/** Each takes a core for seconds. */
const AT_ONCE = 2;
/** The gateway waits no longer than this for an answer. */
const PATIENCE_MS = 9_500;
/** Several metrics of a device are put in order in memory, so much of their time at once. */
const MERGED_SPAN_US = 7 * DAY_MS * 1_000;

export class BacktestService {
  private running = 0;

  constructor(
    private readonly history: ReadingHistorySource,
    private readonly registry: RegistryProjection,
    private readonly reopenWithinMs: number,
    private readonly now: () => number = Date.now,
  ) {}

  /**
   * What the rule would have raised on stored readings of the devices that it targets now; changes nothing.
   * @throws As `createAlertRule`; BAD_USER_INPUT for an empty or over-long span, and for connectivity, of which there is no
   *   history; RATE_LIMITED while others run; OPERATION_TOO_COSTLY for more readings than an answer can wait for; SERVICE_UNAVAILABLE without telemetry.
   */
  async run(viewer: Viewer, input: unknown, from: Date, to: Date): Promise<BacktestOutcome> {
    const { organizationId } = viewer;
    const draft = parseRule(input, organizationId, this.registry, this.now());
    checkSpan(from, to);
    const node = createNode(draft.condition);
    if (node.usesConnectivity)
      throw errors.badUserInput('input.condition.offline', 'connectivity has no history; give a time with `after`');
    if (this.running >= AT_ONCE) {
      throw new DomainError('RATE_LIMITED', 'Other back-tests are running; try again in a moment.', { retryAfterMs: 2_000 });
    }
    this.running++;
    try {
      const startedAt = performance.now();
      const devices = [...devicesOf(draft.target, organizationId, this.registry, this.now())];
      const untilMs = startedAt + PATIENCE_MS;
      const outcome: BacktestOutcome = { evaluated: 0, alerts: [], alertsPerDay: 0, durationMs: 0 };
      for (const device of devices) {
        await this.replay(device, node, from.getTime() * 1_000, to.getTime() * 1_000, outcome, () => performance.now() > untilMs);
      }
      outcome.alerts.sort((a, b) => a.startedAtUs - b.startedAtUs);
      outcome.alertsPerDay = outcome.alerts.length / ((to.getTime() - from.getTime()) / DAY_MS);
      outcome.durationMs = Math.round(performance.now() - startedAt);
      return outcome;
    } finally {
      this.running--;
    }
  }

  private async replay(
    device: DeviceEntry,
    node: ConditionNode,
    fromUs: number,
    toUs: number,
    outcome: BacktestOutcome,
    isTooLate: () => boolean,
  ): Promise<void> {
    const { registry } = this;
    const metrics = node.metrics.filter((metric) => registry.metric(device, metric));
    // Silence of the device as a whole is ended by any of its metrics.
    const listens = node.silences.some(({ metric }) => metric === null);
    const wanted = listens ? (registry.profile(device.profileId)?.metrics.map(({ metric }) => metric) ?? []) : metrics;
    const replay = new Replay(
      node,
      {
        freshUs: (metric) => freshUsOf(device, metric, registry),
        missingAfterUs: (metric) => missingAfterUsOf(device, metric, registry),
        spo2Scale: (atUs) => spo2ScaleOf(device.id, atUs, registry),
        reopenWithinUs: this.reopenWithinMs * 1_000,
      },
      fromUs,
    );
    const spanUs = wanted.length === 1 ? toUs - fromUs : MERGED_SPAN_US;
    for (let partUs = fromUs; partUs < toUs; partUs += spanUs) {
      await this.replayPart(replay, device, wanted, partUs, Math.min(partUs + spanUs, toUs), isTooLate);
    }
    replay.finish(toUs);
    outcome.evaluated += replay.evaluated;
    for (const alert of replay.alerts) outcome.alerts.push({ ...alert, deviceId: device.id });
  }

  private async replayPart(
    replay: Replay,
    device: DeviceEntry,
    metrics: readonly string[],
    fromUs: number,
    toUs: number,
    isTooLate: () => boolean,
  ): Promise<void> {
    const series = metrics.map((metric) => ({ deviceId: device.id, metric }));
    const frames = decodeReadingFrames(this.history.read({ organizationId: device.organizationId, series, fromUs, toUs }));
    if (metrics.length === 1) {
      for await (const frame of frames) {
        if (isTooLate()) throw tooCostly();
        feedFrame(replay, metrics[0]!, frame);
      }
      return;
    }
    const byMetric = new Map<string, ReadingFrame[]>();
    for await (const frame of frames) {
      const metric = metrics[frame.series]!;
      byMetric.set(metric, [...(byMetric.get(metric) ?? []), frame]);
      if (isTooLate()) throw tooCostly();
    }
    feedMerged(replay, byMetric);
  }
}

const tooCostly = () =>
  new DomainError(
    'OPERATION_TOO_COSTLY',
    'These are more readings than a back-test can go through at once: give a shorter span or fewer devices.',
  );
