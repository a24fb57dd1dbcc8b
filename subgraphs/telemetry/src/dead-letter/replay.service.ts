import type { LogRecord, RejectionReason, RejectionRecord, Viewer } from '@pulsegraph/contracts';
import { decodeDeadLetter } from '@pulsegraph/decode';
import type { EventLog } from '@pulsegraph/kit/event-log';
import type { RegistryProjection } from '@pulsegraph/kit/registry';
import type { Clock } from '../clock.js';
import { appendOrSlowDown } from '../record/log-appender.js';
import type { DeadLetter } from './dead-letter.entity.js';
import type { DeadLetterRepository } from './dead-letter.repository.js';
import { checkIds } from './dead-letter.service.js';

/** Rejected payloads through the pipeline again, once the cause is fixed. */
export class ReplayService {
  constructor(
    private readonly repository: DeadLetterRepository,
    private readonly projection: RegistryProjection,
    private readonly eventLog: EventLog,
    private readonly rawRetentionDays: number,
    private readonly now: Clock,
  ) {}

  /**
   * Safe to repeat: readings keep the instants they had, and what is stored already stays one reading. Counts letters; of
   * one that is accepted in part, the rest becomes dead letters of its own.
   */
  async replay({ organizationId, organizationKey }: Viewer, ids: readonly string[], requestId: string) {
    const letters = await this.repository.find(organizationId, checkIds(ids), requestId);
    const records: LogRecord[] = [];
    const accepted: string[] = [];
    const receivedAtUs = this.now() * 1000;
    const context = { registry: this.projection, receivedAtUs, rawRetentionDays: this.rawRetentionDays };
    for (const letter of letters) {
      const { readings, events, rejections } = decodeDeadLetter(rejectionOf(letter), organizationKey, context);
      // Refused whole once more: the letter that is there says it already.
      if (readings.length + events.length === 0) continue;
      accepted.push(letter.id);
      records.push(...readings, ...events, ...rejections);
    }
    if (records.length > 0) await appendOrSlowDown(this.eventLog, records);
    if (accepted.length > 0) await this.repository.markReplayed(organizationId, accepted, requestId);
    return { accepted: accepted.length, stillRejected: letters.length - accepted.length };
  }
}

function rejectionOf({ receivedAt, reason, ...letter }: DeadLetter): RejectionRecord {
  const { organizationId, source, topic, deviceKey, deviceId, detail, payload, encoding } = letter;
  return {
    type: 'rejection',
    organizationId,
    source,
    topic,
    deviceKey,
    deviceId,
    reason: reason as RejectionReason,
    detail,
    payload,
    encoding,
    receivedAtUs: receivedAt.getTime() * 1000,
  };
}
