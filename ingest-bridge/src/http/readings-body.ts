import type { LogRecord, RejectionReason } from '@pulsegraph/contracts';
import {
  MAX_READINGS_PER_MESSAGE,
  decodePulseDocument,
  jsonOf,
  recordReadings,
  rejectionRecord,
  type DecodedMessage,
  type DecodedReadings,
  type RefusedPart,
} from '@pulsegraph/decode';
import type { RegistryProjection } from '@pulsegraph/kit/registry';
import type { Identity } from '../listener/device-connection.js';
import { recordsOf } from '../intake/intake.js';

export interface RejectedReading {
  /** Place among the readings of the request, from 0. */
  index: number;
  reason: RejectionReason;
  detail: string;
}

export interface ReadBody {
  /** Set when the token does not cover what the body names: nothing of it is taken. */
  forbidden?: string;
  tooMany?: boolean;
  decoded: Pick<DecodedMessage, 'readings' | 'events' | 'rejections' | 'unattributed'>;
  records: LogRecord[];
  accepted: number;
  rejected: RejectedReading[];
}

export interface BodyContext {
  projection: RegistryProjection;
  receivedAtUs: number;
  rawRetentionDays: number;
}

/** `{"device": …, "readings": …}` or a list of these → records, and what to tell the sender. */
export function readBody(body: Buffer, bearer: Identity, { projection, receivedAtUs, rawRetentionDays }: BodyContext): ReadBody {
  const device = projection.device(bearer.deviceId)!;
  const profile = projection.profile(device.profileId)!;
  const into: ReadBody['decoded'] = { readings: [], events: [], rejections: [], unattributed: [] };
  const result: ReadBody = { decoded: into, records: [], accepted: 0, rejected: [] };
  let count = 0;
  // Indices within an envelope begin at 0; those of the request go on.
  const reject = (part: RefusedPart) => {
    result.rejected.push({ index: count + part.index, reason: part.reason, detail: part.detail });
    into.rejections.push(rejectionRecord(part, device.organizationId, device, { source: 'http', topic: null }, receivedAtUs));
  };
  const malformed = (detail: string, payload: string) => {
    reject({ index: 0, reason: 'MALFORMED', detail, payload, encoding: 'UTF8' });
    count++;
  };

  const text = body.toString('utf8');
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    malformed(`Not JSON: ${(error as Error).message.slice(0, 200)}.`, text);
    return finish(result);
  }
  const envelopes: unknown[] = Array.isArray(document) ? document : [document];
  if (envelopes.length === 0) malformed('The list is empty.', text);
  for (const envelope of envelopes) {
    const { device: named, readings } = (typeof envelope === 'object' && envelope !== null ? envelope : {}) as Record<string, unknown>;
    if (typeof named !== 'string' || readings === undefined) {
      malformed('Expected {"device": "…", "readings": …}.', jsonOf(envelope));
      continue;
    }
    if (named !== device.key)
      return { ...result, forbidden: `This token is ${device.key}'s; it may not report for "${named.slice(0, 64)}".` };
    const decoded = decodePulseDocument(readings, { deviceKey: device.key, receivedAtUs });
    const { accepted, refused } = recordReadings(decoded, { device, profile }, { receivedAtUs, rawRetentionDays }, into);
    for (const part of refused) reject(part);
    result.accepted += accepted;
    count += accepted + refused.length;
    if (count > MAX_READINGS_PER_MESSAGE || isTooMany(refused, accepted)) return { ...result, tooMany: true };
  }
  return finish(result);
}

/** Readings that are decoded already, in whatever dialect, all of them the bearer's own. */
export function readDecoded(
  decoded: DecodedReadings,
  source: string,
  bearer: Identity,
  { projection, receivedAtUs, rawRetentionDays }: BodyContext,
): ReadBody {
  const device = projection.device(bearer.deviceId)!;
  const profile = projection.profile(device.profileId)!;
  const into: ReadBody['decoded'] = { readings: [], events: [], rejections: [], unattributed: [] };
  const { accepted, refused } = recordReadings(decoded, { device, profile }, { receivedAtUs, rawRetentionDays }, into);
  const result: ReadBody = { decoded: into, records: [], accepted, rejected: [] };
  if (isTooMany(refused, accepted)) return { ...result, tooMany: true };
  for (const part of refused) {
    result.rejected.push({ index: part.index, reason: part.reason, detail: part.detail });
    into.rejections.push(rejectionRecord(part, device.organizationId, device, { source, topic: null }, receivedAtUs));
  }
  return finish(result);
}

function isTooMany(refused: readonly RefusedPart[], accepted: number): boolean {
  return accepted === 0 && refused.length === 1 && refused[0]!.reason === 'TOO_LARGE';
}

function finish(result: ReadBody): ReadBody {
  result.records = recordsOf(result.decoded);
  return result;
}
