import { Identity1763640000000 } from './1763640000000-identity.js';
import { SecondFactor1763650000000 } from './1763650000000-second-factor.js';
import { Links1763660000000 } from './1763660000000-links.js';
import { ApiKeys1763670000000 } from './1763670000000-api-keys.js';
import { AuditTrail1764271200000 } from './1764271200000-audit-trail.js';
import { Erasure1764271203000 } from './1764271203000-erasure.js';

/** In order. Additive; what destroys comes one release later. */
export const migrations = [
  Identity1763640000000,
  SecondFactor1763650000000,
  Links1763660000000,
  ApiKeys1763670000000,
  AuditTrail1764271200000,
  Erasure1764271203000,
] as const;
