import { errors } from '@pulsegraph/kit/errors';
import { isUuid, type AssignmentEntry, type MetricEntry, type Viewer } from '@pulsegraph/contracts';
import type { RegistryProjection } from '@pulsegraph/kit/registry';
import type { CoverageService } from '../rollup/coverage.service.js';
import type { Clock } from '../clock.js';
import { gapsIn, mergeColumns, type ReadColumns, type Span } from './series-columns.js';
import { planSpan } from './series-span.js';
import type { SeriesFound, SeriesRead, SeriesRepository } from './series.repository.js';

export const MAX_POINTS = 5_000;
const MAX_REQUESTS = 50;
const READS_PER_STATEMENT = 8;
/** For devices whose profile says nothing: never a gap. */
const NO_GAPS_MS = 1e15;

export interface SpanRequest {
  metric: string;
  from: Date;
  to: Date;
  maxPoints: number;
}
export interface SeriesRequest extends SpanRequest {
  deviceId: string;
}

export interface SeriesResult {
  deviceId: string;
  metric: string;
  unit: string;
  /** Milliseconds; null for raw readings. */
  resolutionMs: number | null;
  columns: ReadColumns;
  gaps: Span[];
}

interface Definition {
  entry: MetricEntry | undefined;
  gapAfterMs: number;
  /** Nothing is expected of a retired device. */
  active: boolean;
}

/** Numbers over time. Knows no SQL: what is read from where is decided by `planSpan`. */
export class SeriesService {
  constructor(
    private readonly repository: SeriesRepository,
    private readonly coverage: CoverageService,
    private readonly projection: RegistryProjection,
    private readonly now: Clock,
  ) {}

  /** By position, in one round trip. An error stands in the place of the request that caused it. */
  async readAll(viewer: Viewer, requests: readonly SeriesRequest[], requestId: string): Promise<(SeriesResult | Error | null)[]> {
    if (requests.length > MAX_REQUESTS) throw errors.badUserInput('requests', `must be at most ${MAX_REQUESTS}`);
    const results = new Array<SeriesResult | Error | null>(requests.length).fill(null);
    const sound: number[] = [];
    requests.forEach((request, index) => {
      try {
        checkSpan(request, `requests[${index}].`);
        this.refuseText(request.deviceId, request.metric, `requests[${index}].`);
        if (!isUuid(request.deviceId)) throw errors.notFound('device');
        sound.push(index);
      } catch (error) {
        results[index] = error as Error;
      }
    });
    const reads = await this.plan(sound.map((index) => requests[index]!));
    const found = await this.readInParts(viewer.organizationId, reads, requestId);
    sound.forEach((index, position) => {
      const request = requests[index]!;
      try {
        results[index] = this.resultOf(viewer, request, reads[position]!, found[position], `requests[${index}].`);
      } catch (error) {
        results[index] = error as Error;
      }
    });
    return results;
  }

  async readOne(viewer: Viewer, deviceId: string, request: SpanRequest, requestId: string): Promise<SeriesResult | null> {
    checkSpan(request, '');
    this.refuseText(deviceId, request.metric, '');
    const [read] = await this.plan([{ deviceId, ...request }]);
    const [found] = await this.repository.read(viewer.organizationId, [read!], requestId);
    return this.resultOf(viewer, { deviceId, ...request }, read!, found, '');
  }

  /** Readings of whatever device was assigned at the time. Null when none ever was, or none knows the metric. */
  async readAssigned(
    viewer: Viewer,
    assignments: readonly AssignmentEntry[],
    request: SpanRequest,
    requestId: string,
  ): Promise<SeriesResult | null> {
    checkSpan(request, '');
    const { metric, maxPoints } = request;
    const span = { fromMs: request.from.getTime(), toMs: request.to.getTime() };
    const pieces = assignments
      .map(({ deviceId, fromMs, toMs }) => ({
        deviceId,
        from: new Date(Math.max(span.fromMs, fromMs)),
        to: new Date(Math.min(span.toMs, toMs ?? Infinity)),
      }))
      .filter(({ from, to }) => from < to)
      .sort((a, b) => a.from.getTime() - b.from.getTime());
    for (const { deviceId } of pieces) this.refuseText(deviceId, metric, '');
    const coverage = await this.coverage.current();
    const read = (widthMs?: number) =>
      this.repository.read(
        viewer.organizationId,
        pieces.map(({ deviceId, from, to }) => ({
          deviceId,
          metric,
          maxPoints,
          plan: planSpan(from.getTime(), to.getTime(), maxPoints, coverage, widthMs),
          gapAfterMs: this.definition(deviceId, metric).gapAfterMs,
        })),
        requestId,
      );
    const present = (all: readonly (SeriesFound | undefined)[]) =>
      all.flatMap((found, index) => (found?.columns ? [{ ...pieces[index]!, unit: found.unit, columns: found.columns }] : []));

    let parts = present(await read());
    let resolutionMs: number | null = null;
    const count = parts.reduce((sum, { columns }) => sum + columns.at.length, 0);
    if (parts.some(({ columns }) => !columns.raw) || count > maxPoints) {
      resolutionMs = planSpan(span.fromMs, span.toMs, maxPoints, coverage).widthMs;
      parts = present(await read(resolutionMs));
    }
    // One unit for one line: that of the device assigned last.
    const last = parts.at(-1);
    if (!last) return null;
    parts = parts.filter(({ unit }) => unit === last.unit);
    const { gapAfterMs } = this.definition(last.deviceId, metric);
    const columns = mergeColumns(parts.map((part) => part.columns));
    const expectedTo = Math.min(span.toMs, pieces.at(-1)!.to.getTime(), this.now());
    return { deviceId: last.deviceId, metric, unit: last.unit, resolutionMs, columns, gaps: gapsIn(columns, span, gapAfterMs, expectedTo) };
  }

  /** A few statements side by side: one connection is one core. */
  private async readInParts(organizationId: string, reads: readonly SeriesRead[], requestId: string): Promise<(SeriesFound | undefined)[]> {
    const parts: Promise<(SeriesFound | undefined)[]>[] = [];
    for (let start = 0; start < reads.length; start += READS_PER_STATEMENT) {
      parts.push(this.repository.read(organizationId, reads.slice(start, start + READS_PER_STATEMENT), requestId));
    }
    return (await Promise.all(parts)).flat();
  }

  private async plan(requests: readonly SeriesRequest[]): Promise<SeriesRead[]> {
    const coverage = await this.coverage.current();
    return requests.map(({ deviceId, metric, from, to, maxPoints }) => ({
      deviceId,
      metric,
      maxPoints,
      plan: planSpan(from.getTime(), to.getTime(), maxPoints, coverage),
      gapAfterMs: this.definition(deviceId, metric).gapAfterMs,
    }));
  }

  private resultOf(
    viewer: Viewer,
    request: SeriesRequest,
    read: SeriesRead,
    found: SeriesFound | undefined,
    path: string,
  ): SeriesResult | null {
    const { deviceId, metric } = request;
    const span = { fromMs: request.from.getTime(), toMs: request.to.getTime() };
    const { entry, gapAfterMs, active } = this.definition(deviceId, metric);
    if (!found) {
      // Row-level security hides another organization's series, so it looks like a device that never sent.
      if (this.projection.device(deviceId)?.organizationId !== viewer.organizationId) throw errors.notFound('device');
      if (!entry) return null;
    }
    if (found && !found.columns) throw words(path);
    const columns = found?.columns ?? {
      raw: true,
      at: [],
      avg: [],
      min: [],
      max: [],
      last: [],
      count: [],
      firstAt: [],
      lastAt: [],
      hadBefore: false,
    };
    const gaps = gapsIn(columns, span, gapAfterMs, active ? Math.min(span.toMs, this.now()) : -Infinity);
    return { deviceId, metric, unit: found?.unit ?? entry!.unit, resolutionMs: columns.raw ? null : read.plan.widthMs, columns, gaps };
  }

  private definition(deviceId: string, metric: string): Definition {
    const device = this.projection.device(deviceId);
    const entry = device && this.projection.metric(device, metric);
    const offlineAfterMs = device && this.projection.profile(device.profileId)?.offlineAfterMs;
    return {
      entry,
      gapAfterMs: entry ? 3 * entry.expectedIntervalMs : (offlineAfterMs ?? NO_GAPS_MS),
      active: device?.lifecycle === 'ACTIVE',
    };
  }

  private refuseText(deviceId: string, metric: string, path: string): void {
    if (this.definition(deviceId, metric).entry?.kind === 'TEXT') throw words(path);
  }
}

function words(path: string) {
  return errors.badUserInput(`${path}metric`, 'has words for values; see Device.states');
}

function checkSpan({ from, to, maxPoints }: SpanRequest, path: string): void {
  if (from >= to) throw errors.badUserInput(`${path}from`, 'must lie before to');
  if (maxPoints < 1 || maxPoints > MAX_POINTS) throw errors.badUserInput(`${path}maxPoints`, `must lie between 1 and ${MAX_POINTS}`);
}
