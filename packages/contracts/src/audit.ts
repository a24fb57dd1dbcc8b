/** One entry of the audit trail on its way there: written by whoever serves a request, kept by users. */
export interface AuditRecord {
  /** Made where it happened: delivered twice, it is kept once. */
  id: string;
  /** Null for what a stranger tried: it belongs to the platform's own trail. */
  organizationId: string | null;
  /** RFC 3339, when it began. */
  at: string;
  actorKind: AuditActorKind;
  actorId: string | null;
  /** As it was then; sealed where it is kept, so that it can be forgotten. */
  actorName: string;
  /** The field that was called, such as `createPatient`; `readPatient` for patient data that was read. */
  action: string;
  subjectType: string;
  subjectId: string | null;
  /** No secret and no personal value; see kit/audit. */
  detail: Record<string, unknown>;
  ip: string | null;
  requestId: string | null;
}

export const AUDIT_ACTOR_KINDS = ['USER', 'API_KEY', 'DEVICE', 'SYSTEM'] as const;
export type AuditActorKind = (typeof AUDIT_ACTOR_KINDS)[number];

/** Whose trail holds what has no organization, such as a sign-in to an address nobody has. */
export const PLATFORM_ORGANIZATION_ID = '00000000-0000-0000-0000-000000000000';

/** Body of users' `POST /internal/audit` (internal token): answered with 204 when all are in the trail. */
export interface AuditDelivery {
  records: AuditRecord[];
}

/** A subscription that shows patients, said by the gateway before it begins: upstream it is shared and nobody's. */
export interface SubscriptionAccess {
  /** The subscription's field. */
  action: string;
  /** Patients named in its arguments; empty when it may show any. */
  patientIds: string[];
}

/** Patients named in arguments, and in the input objects among them: `alerts(filter: { patientId })`. */
export function patientIdsIn(args: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(args).flatMap(([name, value]) => {
    if (name === 'patientId' && typeof value === 'string') return [value];
    return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date)
      ? patientIdsIn(value as Record<string, unknown>)
      : [];
  });
}
