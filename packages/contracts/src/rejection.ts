/** Why a message or a reading was refused. Stored with the dead letter and returned by HTTP ingest; public API. */
export const REJECTION_REASONS = {
  MALFORMED: 'The payload is not in any form this topic accepts.',
  TOO_LARGE: 'The message exceeds the size or count limit.',
  UNKNOWN_TOPIC: 'The topic is none that this platform reads.',
  FORBIDDEN_TOPIC: "The topic lies outside the sender's own prefix.",
  UNKNOWN_DEVICE: 'No active device of this organization has this key.',
  DEVICE_MISMATCH: 'The payload names another device than its topic.',
  UNKNOWN_METRIC: "The device's profile does not define this metric.",
  WRONG_TYPE: "The value is not of the metric's kind.",
  UNIT_MISMATCH: "The unit cannot be converted to the profile's unit.",
  IMPLAUSIBLE: 'The value lies outside the plausible range of the profile.',
  IN_THE_FUTURE: 'The reading is more than five minutes ahead of the platform clock.',
  TOO_OLD: 'The reading is older than raw retention.',
} as const;

export type RejectionReason = keyof typeof REJECTION_REASONS;

/** More than this ahead of the bridge's clock is rejected as `IN_THE_FUTURE`. */
export const MAX_FUTURE_SKEW_MS = 5 * 60_000;
/** Readings older than this are rejected as `TOO_OLD`, unless the deployment keeps raw data for another time. */
export const DEFAULT_RAW_RETENTION_DAYS = 90;
/** Late by default when recordedAt lies this far before receivedAt; a profile may say otherwise. */
export const DEFAULT_LATE_AFTER_MS = 60_000;
