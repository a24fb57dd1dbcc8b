import { DeviceRegistry1763640000000 } from './1763640000000-device-registry.js';
import { ChangeFeeds1763640001000 } from './1763640001000-change-feeds.js';
import { AuditOutbox1764271201000 } from './1764271201000-audit-outbox.js';
import { SealedPatients1764271202000 } from './1764271202000-sealed-patients.js';
import { EmergencyAccess1764271204000 } from './1764271204000-emergency-access.js';

/** In order. Additive now, destructive one release later. */
export const MIGRATIONS = [
  DeviceRegistry1763640000000,
  ChangeFeeds1763640001000,
  AuditOutbox1764271201000,
  SealedPatients1764271202000,
  EmergencyAccess1764271204000,
] as const;
