import { METRIC_NAME, type Viewer } from '@pulsegraph/contracts';
import {
  MAX_READINGS_PER_MESSAGE,
  recordReadings,
  rejectionRecord,
  type DecodedMessage,
  type RawReading,
  type RefusedPart,
} from '@pulsegraph/decode';
import { errors } from '@pulsegraph/kit/errors';
import type { EventLog } from '@pulsegraph/kit/event-log';
import type { RegistryProjection } from '@pulsegraph/kit/registry';
import type { Clock } from '../clock.js';
import { appendOrSlowDown } from './log-appender.js';

export interface ReadingToRecord {
  metric: string;
  value?: number | null;
  text?: string | null;
  recordedAt?: Date | null;
}

/** The GraphQL door to the pipeline: the same rules, the same log, the same acknowledgement as MQTT. */
export class RecordService {
  constructor(
    private readonly projection: RegistryProjection,
    private readonly eventLog: EventLog,
    private readonly rawRetentionDays: number,
    private readonly now: Clock,
  ) {}

  /** Resolves when the log has the readings. One that is refused never takes its neighbours with it. */
  async record({ organizationId }: Viewer, deviceId: string, readings: readonly ReadingToRecord[]) {
    const device = this.projection.device(deviceId);
    const profile = device && this.projection.profile(device.profileId);
    if (!profile || device.organizationId !== organizationId || device.lifecycle !== 'ACTIVE') throw errors.notFound('device');
    if (readings.length === 0 || readings.length > MAX_READINGS_PER_MESSAGE) {
      throw errors.badUserInput('readings', `must hold between 1 and ${MAX_READINGS_PER_MESSAGE}`);
    }
    const receivedAtUs = this.now() * 1000;
    const raw: RawReading[] = [];
    const malformed: RefusedPart[] = [];
    readings.forEach((reading, index) => {
      const one = rawOf(reading, index, (metric) => this.projection.metric(device, metric)?.kind === 'BOOLEAN');
      if ('reason' in one) malformed.push(one);
      else raw.push(one);
    });
    const into: DecodedMessage = { readings: [], events: [], rejections: [], unattributed: [] };
    const decoded = { readings: raw, labels: [], refused: malformed };
    const { accepted, refused } = recordReadings(
      decoded,
      { device, profile },
      { receivedAtUs, rawRetentionDays: this.rawRetentionDays },
      into,
    );
    const origin = { source: 'graphql', topic: null };
    const rejections = refused.map((part) => rejectionRecord(part, organizationId, device, origin, receivedAtUs));
    await appendOrSlowDown(this.eventLog, [...into.readings, ...into.events, ...rejections]);
    return { accepted, rejected: refused.map(({ index, reason, detail }) => ({ index, reason, detail })) };
  }
}

function rawOf(
  { metric, value, text, recordedAt }: ReadingToRecord,
  index: number,
  isBoolean: (metric: string) => boolean,
): RawReading | RefusedPart {
  const refuse = (detail: string): RefusedPart => ({
    index,
    reason: 'MALFORMED',
    detail,
    payload: JSON.stringify({ ts: recordedAt?.getTime(), values: { [metric]: value ?? text ?? null } }),
    encoding: 'UTF8',
  });
  if (!METRIC_NAME.test(metric)) return refuse('The metric is no name of one.');
  if ((value == null) === (text == null)) return refuse('Exactly one of value and text must be given.');
  const given = value ?? text!;
  const recordedAtUs = recordedAt ? recordedAt.getTime() * 1000 : null;
  // GraphQL has no field of its own for true and false: 1 and 0, as they are stored and read.
  const asBoolean = isBoolean(metric) && (given === 0 || given === 1);
  return { index, metric, value: asBoolean ? given === 1 : given, recordedAtUs, unit: null, flags: 0 };
}
