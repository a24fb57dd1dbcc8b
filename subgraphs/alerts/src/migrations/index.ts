import { Alerts1763640000000 } from './1763640000000-alerts.js';
import { Handling1763650000000 } from './1763650000000-handling.js';
import { AuditOutbox1764271201000 } from './1764271201000-audit-outbox.js';
import { Notifications1764272000000 } from './1764272000000-notifications.js';
import { AlertTrend1764273600000 } from './1764273600000-alert-trend.js';

/** In order. Additive now, destructive one release later. */
export const MIGRATIONS = [
  Alerts1763640000000,
  Handling1763650000000,
  AuditOutbox1764271201000,
  Notifications1764272000000,
  AlertTrend1764273600000,
] as const;
